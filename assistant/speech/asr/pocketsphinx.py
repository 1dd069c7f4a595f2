"""pocketsphinx behind the seam: a trial engine for wideband audio, for machines that can download no model.

Enters and leaves: as the seam says. Latency: a block of 64 ms, and at `finish` the segment is decoded once more, about
0.3 s a second of speech. Each stream has a decoder of its own (about 95 MB), and a decoder holds the GIL while it
works: streams of one process take turns.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from assistant.errors import EngineFailed, ModelLoadError
from assistant.speech.asr.feed import BlockFeed
from assistant.speech.asr.partial import PartialWords, is_word
from assistant.speech.asr.seam import Hearing, Word

try:
    import pocketsphinx
except ImportError as absent:
    raise ModelLoadError(
        "pocketsphinx is not installed: `pip install 'calmline[pocketsphinx]'`, or use the engine vosk"
    ) from absent

OWN_MODEL: Final = "en-us"
RATE_HZ: Final = 16000
FRAMES_PER_S: Final = 100
LIMITS: Final = (
    "pocketsphinx is a trial engine for wideband (16 kHz) audio: it gets about 32 % of the words of read speech wrong, "
    "and about 90 % of those of real telephone calls."
)


class PocketsphinxRecogniser:
    """The English model inside the pocketsphinx package."""

    name = f"pocketsphinx {OWN_MODEL}"
    sample_rate_hz = RATE_HZ
    limits = LIMITS

    @classmethod
    def load(cls) -> "PocketsphinxRecogniser":
        """Checks that a decoder can be made.

        Raises:
            ModelLoadError: the package's model is missing or broken.
        """
        recogniser = cls()
        try:
            recogniser.stream(RATE_HZ)
        except EngineFailed as broken:
            raise ModelLoadError(
                f"the model inside the pocketsphinx package ({pocketsphinx.get_model_path()}) cannot be loaded: "
                "`pip install --force-reinstall pocketsphinx`"
            ) from broken
        return recogniser

    def stream(self, sample_rate_hz: int) -> "PocketsphinxStream":
        """A fresh stream for one track at 8000 to 48000 Hz; takes about 0.3 s, for its decoder loads the model.

        Raises:
            AudioFormatError: a rate out of this range.
            EngineFailed: the decoder could not be made.
        """
        return PocketsphinxStream(sample_rate_hz)


class PocketsphinxStream:
    """One track's decoder."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._feed = BlockFeed(sample_rate_hz, RATE_HZ)
        self._start_decoder()

    def accept(self, samples: npt.NDArray[np.int16]) -> Hearing | None:
        """As the seam says."""
        told = None
        for block, heard_s in self._feed.push(samples):
            self._decode(block)
            hypothesis = self._decoder.hyp()
            tokens = hypothesis.hypstr.split() if hypothesis else []
            told = self._partial.update([_plain(token) for token in tokens if is_word(token)], heard_s) or told
        return told

    def finish(self) -> Hearing:
        """As the seam says."""
        length_s = self._feed.length_s
        self._decode(self._feed.flush())
        if not self._heard:
            return Hearing()
        try:
            self._decoder.end_utt()
            # Once more as a whole: then the channel's mean is the segment's own. While speech runs it is a guess, and
            # to carry the guess on would make what is heard depend on the segments before.
            self._decoder.start_utt()
            self._decoder.process_raw(b"".join(self._heard), False, True)
            self._decoder.end_utt()
            segments = list(self._decoder.seg() or ())
        except RuntimeError as failed:
            self._start_decoder()
            raise EngineFailed("pocketsphinx failed at the end of a segment; the segment is lost") from failed
        words = []
        for segment in segments:
            if is_word(segment.word):
                start_s = min(segment.start_frame / FRAMES_PER_S, length_s)
                end_s = min((segment.end_frame + 1) / FRAMES_PER_S, length_s)
                words.append(Word(_plain(segment.word), start_s, end_s, min(max(0.0, segment.prob), 1.0)))
        self._start_segment()
        return Hearing(tuple(words))

    def _decode(self, block: npt.NDArray[np.int16]) -> None:
        if not len(block):
            return
        try:
            if not self._heard:
                self._decoder.start_utt()
            self._heard.append(block.tobytes())
            self._decoder.process_raw(self._heard[-1], False, False)
        except RuntimeError as failed:
            self._start_decoder()
            raise EngineFailed("pocketsphinx failed while it decoded; the segment is lost") from failed

    def _start_decoder(self) -> None:
        try:
            self._decoder: Any = pocketsphinx.Decoder(samprate=float(RATE_HZ), loglevel="FATAL")
        except RuntimeError as failed:
            raise EngineFailed("pocketsphinx could not make a decoder") from failed
        self._first_mean: str = self._decoder.get_cmn(False)
        self._feed.flush()
        self._start_segment()

    def _start_segment(self) -> None:
        self._decoder.set_cmn(self._first_mean)
        self._heard: list[bytes] = []
        self._partial = PartialWords()


def _plain(token: str) -> str:
    """A word without the number of its pronunciation: `read(2)` -> `read`."""
    return token.partition("(")[0]
