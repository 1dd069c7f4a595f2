"""One contract over every speech engine, on its real weights."""

import importlib.util
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from assistant.errors import AudioFormatError, CoreMisuse
from assistant.speech.asr import Hearing, Recogniser, load_recogniser
from tests.speech import sounds

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(not sounds.can_speak(), reason="espeak-ng is not installed: no speech to listen to"),
]

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Speech:
    """Segments as voice activity cuts them: a little silence before and after."""

    rate_hz: int
    segments: tuple[Samples, ...]


# pocketsphinx at 8 kHz is left out: it is an engine for wideband audio, and far slower on what it cannot make out.
CASES = [("vosk", 8000), ("vosk", 16000), pytest.param(("pocketsphinx", 16000), marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> tuple[str, int]:
    engine, rate_hz = request.param
    if engine == "pocketsphinx" and importlib.util.find_spec("pocketsphinx") is None:
        pytest.skip("the extra pocketsphinx is not installed")
    return engine, rate_hz


@pytest.fixture(scope="module")
def recogniser(case: tuple[str, int]) -> Recogniser:
    return load_recogniser(case[0])


@pytest.fixture(scope="module")
def speech(case: tuple[str, int]) -> Speech:
    rate_hz = case[1]
    around = sounds.silence(0.3, rate_hz)
    texts = ("i want to speak to your manager", "thank you very much", "no")
    return Speech(rate_hz, tuple(np.concatenate([around, sounds.spoken(t, rate_hz), around]) for t in texts))


@pytest.fixture(scope="module")
def heard(recogniser: Recogniser, speech: Speech) -> list[tuple[list[Hearing], Hearing]]:
    """Partial hearings and the final one of each segment, from one stream that is fed 512 samples at a time."""
    return hear(recogniser, speech, 512)


def hear(recogniser: Recogniser, speech: Speech, chunk: int) -> list[tuple[list[Hearing], Hearing]]:
    stream = recogniser.stream(speech.rate_hz)
    told = []
    for samples in speech.segments:
        chunks = [samples[at : at + chunk] for at in range(0, len(samples), chunk)]
        partials = [hearing for each in chunks if (hearing := stream.accept(each))]
        told.append((partials, stream.finish()))
    return told


def alone(recogniser: Recogniser, speech: Speech, segment: int, chunk: int = 512) -> tuple[list[Hearing], Hearing]:
    """The segment as a fresh stream hears it."""
    return hear(recogniser, Speech(speech.rate_hz, speech.segments[segment : segment + 1]), chunk)[0]


def test_it_says_what_it_is(recogniser: Recogniser) -> None:
    assert recogniser.name
    assert recogniser.sample_rate_hz in {8000, 16000}


def test_both_of_these_models_state_their_limits(recogniser: Recogniser) -> None:
    assert recogniser.limits.endswith(".")


Heard = list[tuple[list[Hearing], Hearing]]


def test_words_are_heard(heard: Heard) -> None:
    said = {"i", "want", "to", "speak", "your", "manager", "thank", "you", "very", "much", "no"}
    assert len(said & {word.text for _, final in heard for word in final.words}) >= 5


def test_words_carry_times_inside_the_segment_and_confidence(heard: Heard, speech: Speech) -> None:
    for (partials, final), samples in zip(heard, speech.segments, strict=True):
        length_s = len(samples) / speech.rate_hz
        assert final.words
        for hearing in (*partials, final):
            ends_s = 0.0
            for word in hearing.words:
                assert 0.0 <= word.start_s <= word.end_s <= length_s
                assert word.start_s >= ends_s - 0.05
                assert 0.0 <= word.confidence <= 1.0
                assert word.text == word.text.strip().lower()
                ends_s = word.end_s
        assert final.text == " ".join(word.text for word in final.words)
        assert 0.0 < final.confidence <= 1.0


def test_partial_words_flow_and_are_told_only_when_they_change(heard: Heard, speech: Speech) -> None:
    partials, _ = heard[0]
    assert len(partials) >= 2
    assert partials[0].words[-1].end_s < len(speech.segments[0]) / speech.rate_hz - 0.5
    assert all(one.text != other.text for one, other in itertools.pairwise(partials))


def test_silence_gives_no_words(recogniser: Recogniser, speech: Speech) -> None:
    stream = recogniser.stream(speech.rate_hz)
    stream.accept(sounds.silence(2.0, speech.rate_hz))
    assert stream.finish() == Hearing()


def test_an_empty_segment_gives_no_words(recogniser: Recogniser, speech: Speech) -> None:
    stream = recogniser.stream(speech.rate_hz)
    assert stream.finish() == Hearing()
    assert stream.accept(np.zeros(0, np.int16)) is None
    assert stream.finish() == Hearing()
    stream.accept(np.zeros(1, np.int16))
    assert stream.finish() == Hearing()
    assert stream.finish().confidence == 0.0


def test_chunk_sizes_do_not_change_what_is_heard(recogniser: Recogniser, speech: Speech, heard: Heard) -> None:
    partials, final = heard[0]
    assert alone(recogniser, speech, 0, chunk=37) == (partials, final)
    assert alone(recogniser, speech, 0, chunk=1_000_000) == (partials[-1:], final)


def test_one_sample_at_a_time_is_heard_as_well(recogniser: Recogniser, speech: Speech, heard: Heard) -> None:
    assert alone(recogniser, speech, 2, chunk=1) == heard[2]


def test_a_segment_after_another_is_heard_as_by_a_fresh_stream(
    recogniser: Recogniser, speech: Speech, heard: Heard
) -> None:
    assert [alone(recogniser, speech, segment) for segment in (1, 2)] == heard[1:]


def test_streams_on_threads_hear_as_they_do_alone(recogniser: Recogniser, speech: Speech, heard: Heard) -> None:
    with ThreadPoolExecutor(2) as pool:
        at_once = list(pool.map(lambda segment: alone(recogniser, speech, segment), (1, 2)))
    assert at_once == heard[1:]


def test_the_callers_buffer_may_be_used_again(recogniser: Recogniser, speech: Speech, heard: Heard) -> None:
    stream = recogniser.stream(speech.rate_hz)
    buffer = np.empty(300, np.int16)
    samples = speech.segments[2]
    for at in range(0, len(samples), 300):
        part = samples[at : at + 300]
        buffer[: len(part)] = part
        stream.accept(buffer[: len(part)])
        buffer[:] = 12345
    assert stream.finish() == heard[2][1]


def test_what_is_no_audio_is_refused(recogniser: Recogniser) -> None:
    stream = recogniser.stream(8000)
    with pytest.raises(CoreMisuse, match="float64"):
        stream.accept(np.zeros(10))  # type: ignore[arg-type]
    with pytest.raises(CoreMisuse, match="shape"):
        stream.accept(np.zeros((2, 10), np.int16))
    with pytest.raises(AudioFormatError, match="4000"):
        recogniser.stream(4000)
