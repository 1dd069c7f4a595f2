"""How well raised voices are told from calm ones: `python -m scripts.evaluate_arousal --ravdess FOLDER [--calls F] [--speech F]`.

RAVDESS (CC BY-NC-SA 4.0) is for evaluation only. An actor says two statements twice each; each of the four is held out in turn, and
the actor's neutral and calm clips of the other three are the start of a call. Then each held-out neutral and calm clip, and each
strong anger clip, is heard twice over on a copy of that state, so that the last value describes that clip alone. Everything passes 8
kHz mu-law. `--calls` (two channels, right = caller, or `*_caller` files) and `--speech` (the speaker first in the file's name) give
false alarms on calm speech; a caller who speaks for less than 20 s is heard twice over.
"""

import argparse
import copy
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from assistant.audio.codecs import decode, encode
from assistant.events import ArousalMeasured
from assistant.signals.arousal import Arousal
from assistant.speech.hysteresis import VoiceParameters
from assistant.speech.segments import Segmenter, SegmentParameters
from assistant.speech.silero import VoiceActivity
from assistant.timebase import window_samples

Samples = npt.NDArray[np.int16]
Gate = Callable[[Samples], list[bool]]
RATE_HZ = 8000
LEVEL_DB = -26.0
"""The active level that clips are brought to, dB of full scale: the nominal level of ITU-T P.56 test speech."""
FEATURES = ("arousal", "loudness_db", "pitch_st", "pitch_range_st", "tilt_db")
NEUTRAL, CALM, HAPPY, ANGRY = "01", "02", "03", "05"


def read(file: Path, channel: int = 0) -> Samples:
    """One channel at 8 kHz, (n,) int16."""
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    narrow: npt.NDArray[np.float32] = soxr.resample(samples[:, channel], rate_hz, RATE_HZ)
    return whole(narrow * 32768)


def whole(signal: npt.NDArray[np.floating]) -> Samples:
    """Rounded and clipped to 16 bits."""
    samples: Samples = np.clip(np.rint(signal), -32768, 32767).astype(np.int16)
    return samples


def levelled(samples: Samples) -> Samples:
    """The clip at `LEVEL_DB`, measured over its 32 ms windows within 30 dB of the loudest; peaks that do not fit are clipped."""
    windows = samples[: len(samples) // 256 * 256].reshape(-1, 256).astype(np.float64) / 32768
    power = np.mean(windows**2, axis=1)
    active = float(power[power >= power.max() / 1000].mean())
    return whole(samples * np.sqrt(10 ** (LEVEL_DB / 10) / active))


def narrowed(samples: Samples) -> Samples:
    """Only 300..3400 Hz, as over an old line: no fundamental is left of most voices."""
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    return whole(np.fft.irfft(spectrum, len(samples)))


def telephoned(samples: Samples) -> Samples:
    """As it comes out of G.711 mu-law."""
    return decode(encode(samples, "pcmu"), "pcmu", 1)[:, 0]


def silero_gate() -> Gate:
    """Speech as in a call: Silero and its hysteresis."""
    voice = VoiceActivity.load()

    def gate(samples: Samples) -> list[bool]:
        stream = voice.stream(RATE_HZ, 1)
        segmenter = Segmenter(VoiceParameters(), SegmentParameters(), RATE_HZ)
        speaking = []
        for window in windows_of(samples):
            segmenter.step(window, float(stream.probabilities(window[None])[0]))
            speaking.append(segmenter.is_open)
        return speaking

    return gate


def loud_windows(samples: Samples) -> list[bool]:
    """Speech where no model is at hand: windows within 30 dB of the loudest. For clips of one voice in a quiet room."""
    power = [float(np.var(window.astype(np.float64))) for window in windows_of(samples)]
    return [one > max(power) / 1000 for one in power]


def windows_of(samples: Samples) -> Iterable[Samples]:
    window = window_samples(RATE_HZ)
    return samples[: len(samples) // window * window].reshape(-1, window)


def hear(arousal: Arousal, samples: Samples, gate: Gate) -> list[ArousalMeasured]:
    told = (arousal.step(window, speaking) for window, speaking in zip(windows_of(samples), gate(samples), strict=True))
    return [one for one in told if one is not None]


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that a positive lies above a negative; ties count half."""
    difference = np.subtract.outer(np.array(positive), np.array(negative))
    return float(np.mean(difference > 0) + 0.5 * np.mean(difference == 0))


class Scores:
    """One actor by class: the last value of each clip, and all values of the class's clips as one stretch, for each held-out part."""

    def __init__(self) -> None:
        self.clips: dict[str, list[ArousalMeasured]] = defaultdict(list)
        self.stretches: dict[str, list[list[ArousalMeasured]]] = defaultdict(list)

    def of(self, kind: str, feature: str) -> list[float]:
        return [getattr(clip, feature) or 0.0 for clip in self.clips[kind]]


def score_actor(files: list[Path], prepare: Callable[[Samples], Samples], gate: Gate) -> Scores:
    """One actor's clips; each statement in each repetition is held out of the baseline in turn."""
    scores = Scores()
    clips = {tuple(file.stem.split("-")): telephoned(prepare(read(file))) for file in files}
    calm = {key: clip for key, clip in clips.items() if key[2] in (NEUTRAL, CALM)}
    for held_out in sorted({key[4:6] for key in calm}):
        start = Arousal("caller", RATE_HZ)
        hear(start, np.concatenate([clip for key, clip in calm.items() if key[4:6] != held_out]), gate)
        groups = {
            "calm": [clip for key, clip in calm.items() if key[4:6] == held_out],
            "strong anger": [clip for key, clip in clips.items() if key[2:4] == (ANGRY, "02")],
            "normal anger": [clip for key, clip in clips.items() if key[2:4] == (ANGRY, "01")],
            "happy": [clip for key, clip in clips.items() if key[2] == HAPPY],
        }
        for kind, group in groups.items():
            scores.clips[kind] += [hear(copy.deepcopy(start), np.concatenate((clip, clip)), gate)[-1] for clip in group]
            scores.stretches[kind].append(hear(copy.deepcopy(start), np.concatenate(group), gate))
    return scores


def evaluate_ravdess(
    folder: Path, prepare: Callable[[Samples], Samples], gate: Gate, actors: Sequence[str] | None = None
) -> dict[str, Scores]:
    files = defaultdict(list)
    for file in sorted(folder.glob("03-01-*.flac")):
        files[file.stem.split("-")[6]].append(file)
    return {actor: score_actor(own, prepare, gate) for actor, own in files.items() if actors is None or actor in actors}


def pooled_auc(by_actor: dict[str, Scores], feature: str, against: str = "strong anger") -> float:
    sums = [[value for scores in by_actor.values() for value in scores.of(kind, feature)] for kind in (against, "calm")]
    return auc(*sums)


def print_ravdess(folder: Path, gate: Gate, actors: Sequence[str] | None) -> None:
    ways = {
        "levels made equal": levelled,
        "and only 300..3400 Hz": lambda s: narrowed(levelled(s)),
        "levels as recorded": lambda s: s,
    }
    for name, prepare in ways.items():
        by_actor = evaluate_ravdess(folder, prepare, gate, actors)
        print(f"\nRAVDESS, {name}: AUC of strong anger against neutral and calm")
        for feature in FEATURES:
            each = "  ".join(f"{actor} {pooled_auc({actor: scores}, feature):.3f}" for actor, scores in by_actor.items())
            print(f"  {feature:15} pooled {pooled_auc(by_actor, feature):.3f}   by actor {each}")
        for kind in ("calm", "normal anger", "strong anger", "happy"):
            clips = [one for scores in by_actor.values() for one in scores.clips[kind]]
            stretches = [stretch for scores in by_actor.values() for stretch in scores.stretches[kind]]
            raised = [[one.raised_voice for one in stretch] for stretch in stretches]
            above = np.mean([one.arousal >= 0.5 for one in clips])
            medians = "  ".join(f"{f} {np.median([getattr(one, f) or 0.0 for one in clips]):.2f}" for f in FEATURES)
            print(f"  {kind:12} {len(clips):3} clips, {above:4.0%} at 0.5 or above, medians: {medians}")
            said = f"{sum(map(any, raised))} raised, in {sum(map(sum, raised))} of {sum(map(len, raised))} s"
            print(f"  {'':12} {len(raised):3} stretches, {said}")


def callers(folder: Path, gate: Gate) -> dict[str, Samples]:
    """The caller of each call, twice over where they speak for less than 20 s."""
    found = {}
    for file in sorted(folder.rglob("*.flac")):
        two_channels = soundfile.info(file).channels == 2
        if two_channels or file.stem.endswith("_caller"):
            samples = read(file, int(two_channels))
            short = sum(gate(telephoned(samples))) * window_samples(RATE_HZ) < 20 * RATE_HZ
            found[file.stem + (" twice" if short else "")] = np.tile(samples, 2) if short else samples
    return found


def print_calm(name: str, tracks: dict[str, Samples], gate: Gate) -> None:
    """False alarms: seconds and stretches that are called raised in calm speech."""
    print(f"\n{name}: false alarms on calm speech")
    all_seconds = all_stretches = all_raised = 0
    for who, samples in tracks.items():
        told = hear(Arousal("caller", RATE_HZ), telephoned(samples), gate)
        raised = [one.raised_voice for one in told]
        stretches = sum(now and not before for before, now in zip([False, *raised], raised, strict=False))
        highest = max((one.arousal for one in told), default=0.0)
        print(f"  {who:28} {len(told):4} s after the baseline, raised in {sum(raised):3} s, {stretches} times; highest arousal {highest}")
        all_seconds, all_raised, all_stretches = all_seconds + len(told), all_raised + sum(raised), all_stretches + stretches
    print(f"  together: {all_raised} of {all_seconds} s, {all_stretches} times")


def print_cost(samples: Samples, gate: Gate) -> None:
    """Milliseconds a second of audio, the second in which somebody speaks throughout."""
    windows = list(windows_of(samples))
    taken = []
    for _ in range(5):
        arousal = Arousal("caller", RATE_HZ)
        begun = time.perf_counter()
        for window in windows:
            arousal.step(window, True)
        taken.append((time.perf_counter() - begun) * 1000 / (len(samples) / RATE_HZ))
    duration_s = len(samples) / RATE_HZ
    print(f"\ncost: {np.median(taken):.2f} ms a second of speech (median of 5 runs of {duration_s:.0f} s, most {max(taken):.2f})")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--ravdess", type=Path, required=True)
    parser.add_argument("--actors", nargs="*", help="only these, as 03 04")
    parser.add_argument("--calls", type=Path, help="a folder of calls")
    parser.add_argument("--speech", type=Path, help="calm read speech, SPEAKER-*.flac")
    options = parser.parse_args(arguments)
    gate = silero_gate()
    print_ravdess(options.ravdess, gate, options.actors)
    if options.calls:
        print_calm("callers", callers(options.calls, gate), gate)
    by_speaker = defaultdict(list)
    for file in sorted(options.speech.glob("*.flac")) if options.speech else ():
        by_speaker[file.stem.split("-")[0]].append(read(file))
    speech = {who: np.concatenate(parts) for who, parts in by_speaker.items()}
    if speech:
        print_calm("read speech", speech, gate)
    files = sorted(options.ravdess.glob("*.flac"))[:20]
    print_cost(telephoned(np.concatenate([read(file) for file in files])), gate)
    return 0


if __name__ == "__main__":
    sys.exit(main())
