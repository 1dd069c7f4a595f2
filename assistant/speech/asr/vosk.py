"""Vosk behind the seam: libvosk decodes, voice activity ends the segments.

Enters and leaves: as the seam says. Latency: a block of 64 ms, and the network's own steps of about 0.2 s; `finish`
decodes what is left. libvosk lets go of the GIL while it decodes: streams on several threads run side by side on one
shared model.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import vosk

from assistant.errors import EngineFailed, ModelLoadError
from assistant.speech.asr.feed import BlockFeed
from assistant.speech.asr.partial import PartialWords, is_word
from assistant.speech.asr.seam import Hearing, Word
from assistant.speech.asr.vosk_model import ModelFolder, read_model_folder

RENEW_S: Final = 20.0
"""A decoder is made anew, between segments, after so many seconds of audio: what it holds grows to some 17 MB otherwise and stays."""
CHECK_S: Final = 0.5
"""Silence that a new model must get through before it is taken for whole."""


class VoskRecogniser:
    """A Vosk model's weights."""

    def __init__(self, folder: ModelFolder, model: Any) -> None:
        self._folder = folder
        self._model = model

    @classmethod
    def load(cls, path: Path) -> "VoskRecogniser":
        """Loads the model in the folder `path`.

        Raises:
            ModelLoadError: a file is missing or broken; the text names it and the mend.
        """
        folder = read_model_folder(path)
        vosk.SetLogLevel(-1)
        try:
            recogniser = cls(folder, vosk.Model(str(folder.path)))
            trial = recogniser.stream(folder.sample_rate_hz)
            trial.accept(np.zeros(round(CHECK_S * folder.sample_rate_hz), np.int16))
            trial.finish()
        except Exception as broken:  # vosk raises bare Exception, and writes the reason to standard error
            raise ModelLoadError(
                f"libvosk cannot load the model in {folder.path} (it writes the reason to standard error): "
                f"a file of it is broken; {folder.mend}"
            ) from broken
        return recogniser

    @property
    def name(self) -> str:
        """`vosk` and the folder's name."""
        return f"vosk {self._folder.path.name}"

    @property
    def sample_rate_hz(self) -> int:
        """The rate in the model's `conf/mfcc.conf`."""
        return self._folder.sample_rate_hz

    @property
    def limits(self) -> str:
        """The sentence in the model's `calmline.json`; empty without one."""
        return self._folder.limits

    def stream(self, sample_rate_hz: int) -> "VoskStream":
        """A fresh stream for one track at 8000 to 48000 Hz.

        Raises:
            AudioFormatError: a rate out of this range.
            EngineFailed: libvosk could not make one.
        """
        return VoskStream(self._model, self._folder.sample_rate_hz, sample_rate_hz)


class VoskStream:
    """One track's decoder, kept from segment to segment: the graph that it has composed makes it faster by a third."""

    def __init__(self, model: Any, model_rate_hz: int, sample_rate_hz: int) -> None:
        self._model = model
        self._model_rate = model_rate_hz
        self._feed = BlockFeed(sample_rate_hz, model_rate_hz)
        self._fed_samples = 0
        self._segment_start = 0
        self._partial = PartialWords()
        self._start_decoder()

    def accept(self, samples: npt.NDArray[np.int16]) -> Hearing | None:
        """As the seam says."""
        told = None
        for block, heard_s in self._feed.push(samples):
            self._decode(block)
            told = self._partial.update(self._words_so_far(), heard_s) or told
        return told

    def finish(self) -> Hearing:
        """As the seam says."""
        length_s = self._feed.length_s
        self._decode(self._feed.flush())
        results = []
        if self._fed_samples > self._segment_start:
            results = self._ask(self._decoder.FinalResult).get("result", [])
        # Times count from the decoder's first sample; its frames are 10 ms, so finer digits are rounding noise.
        offset_s = self._segment_start / self._model_rate
        words = []
        for result in results:
            if is_word(result["word"]):
                start_s = min(max(0.0, round(result["start"] - offset_s, 2)), length_s)
                end_s = min(max(start_s, round(result["end"] - offset_s, 2)), length_s)
                words.append(Word(result["word"], start_s, end_s, min(max(0.0, result["conf"]), 1.0)))
        if self._fed_samples > RENEW_S * self._model_rate:
            self._start_decoder()
        else:
            self._start_segment()
        return Hearing(tuple(words))

    def _decode(self, block: npt.NDArray[np.int16]) -> None:
        if not len(block):
            return
        self._fed_samples += len(block)
        try:
            # Its answer, libvosk's own endpoint, is left alone: unless the result is asked for, the utterance goes on.
            self._decoder.AcceptWaveform(block.tobytes())
        except Exception as failed:  # vosk raises bare Exception
            self._start_decoder()
            raise EngineFailed("libvosk failed while it decoded; the segment is lost") from failed

    def _words_so_far(self) -> list[str]:
        # Without SetPartialWords: with it, partial results lag by up to 1.8 s, the wait of the lattice they come from.
        partial: str = self._ask(self._decoder.PartialResult).get("partial", "")
        return [word for word in partial.split() if is_word(word)]

    def _ask(self, question: Callable[[], str]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(question())
        except ValueError as failed:
            self._start_decoder()
            raise EngineFailed("libvosk gave a result that cannot be read; the segment is lost") from failed
        return answer

    def _start_decoder(self) -> None:
        try:
            self._decoder = vosk.KaldiRecognizer(self._model, self._model_rate)
        except Exception as failed:  # vosk raises bare Exception
            raise EngineFailed("libvosk could not make a decoder: its graph files are missing or broken") from failed
        self._decoder.SetWords(True)
        self._fed_samples = 0
        self._feed.flush()
        self._start_segment()

    def _start_segment(self) -> None:
        self._segment_start = self._fed_samples
        self._partial = PartialWords()
