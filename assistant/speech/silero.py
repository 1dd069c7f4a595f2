"""Voice activity by Silero through ONNX Runtime: windows of all tracks in, a speech probability for each track out.

Enters: (tracks, w) int16, w = 32 ms at 8 or 16 kHz. Leaves: (tracks,) float32 in [0, 1]. Latency: the window itself,
no look-ahead, and 1 ms at 8 kHz. The weights are shared and read-only; a `VoiceStream` holds the state of one call.

The file holds two networks, one for each rate. That for 16 kHz hears telephone speech far better than that for 8 kHz, also where half of
its band is empty (docs/evaluation.md), so it is the one that hears every call.
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from assistant.errors import CoreMisuse, EngineFailed, ModelLoadError
from assistant.timebase import CALL_RATES_HZ, window_samples
from assistant.weights import locate

MODEL_NAME: Final = "silero-vad"
MODEL_FILE: Final = "silero_vad.onnx"
STATE_WIDTH: Final = 128
MODEL_RATE_HZ: Final = 16000
CONTEXT: Final = 64
"""The model wants so many samples of the window before ahead of each window."""
HALF_TAPS: Final = 8
"""A sample between two others is worked out from so many on either side."""


class VoiceActivity:
    """The Silero weights. One object serves every call of a process, from any thread."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session

    @classmethod
    def load(cls, path: Path | str | None = None) -> "VoiceActivity":
        """Loads the weights: the bundled ones, or a file or folder at `path`.

        Raises:
            ModelLoadError: the file is missing, is no ONNX model, or is another model.
        """
        place = locate(MODEL_NAME) if path is None else Path(path)
        file = place / MODEL_FILE if place.is_dir() else place
        if not file.is_file():
            raise ModelLoadError(f"the voice-activity model {file} is missing: install Calmline again, which brings it")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        options.log_severity_level = 3
        mend = "put back the file that came with Calmline (`calmline models verify silero-vad` checks it)"
        try:
            session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as broken:  # ONNX Runtime's errors share no public root
            raise ModelLoadError(f"ONNX Runtime cannot load {file} ({_first_line(broken)}): {mend}") from broken
        inputs = {node.name for node in session.get_inputs()}
        if inputs != {"input", "state", "sr"}:
            raise ModelLoadError(f"{file} is not Silero for 8 and 16 kHz (its inputs are {sorted(inputs)}): {mend}")
        voice = cls(session)
        try:
            for sample_rate_hz in CALL_RATES_HZ:
                voice.stream(sample_rate_hz, 1).probabilities(np.zeros((1, window_samples(sample_rate_hz)), np.int16))
        except EngineFailed as broken:
            raise ModelLoadError(f"{file} does not run at 8 and 16 kHz ({broken}): {mend}") from broken
        return voice

    def stream(self, sample_rate_hz: int, tracks: int) -> "VoiceStream":
        """A fresh state for one call.

        Args:
            sample_rate_hz: 8000 or 16000.
            tracks: channels that are judged together, at least 1.

        Raises:
            AudioFormatError: another rate.
            CoreMisuse: no tracks.
        """
        return VoiceStream(self._session, sample_rate_hz, tracks)


class VoiceStream:
    """The running state of one call; not to be shared between threads. Tracks do not influence each other."""

    def __init__(self, session: onnxruntime.InferenceSession, sample_rate_hz: int, tracks: int) -> None:
        if tracks < 1:
            raise CoreMisuse(f"voice activity needs at least one track, not {tracks}")
        self._session = session
        self._shape = (tracks, window_samples(sample_rate_hz))
        self._narrow = sample_rate_hz != MODEL_RATE_HZ
        self._rate = np.array(MODEL_RATE_HZ, np.int64)
        self._past = np.zeros((tracks, 2 * HALF_TAPS - 1), np.float32)
        self._input = np.zeros((tracks, CONTEXT + window_samples(MODEL_RATE_HZ)), np.float32)
        self._state = np.zeros((2, tracks, STATE_WIDTH), np.float32)

    @property
    def window_samples(self) -> int:
        """Samples of each track in a window: 256 at 8 kHz, 512 at 16 kHz."""
        return self._shape[1]

    def reset(self) -> None:
        """Forgets all audio: the stream is as new."""
        self._past.fill(0.0)
        self._input.fill(0.0)
        self._state.fill(0.0)

    def probabilities(self, window: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
        """Judges the next window of every track in one run.

        Args:
            window: (tracks, w) int16, w as `window_samples`.

        Returns:
            (tracks,) float32 in [0, 1].

        Raises:
            CoreMisuse: another shape or dtype.
            EngineFailed: ONNX Runtime failed; the state is that of before the call.
        """
        if window.shape != self._shape or window.dtype != np.int16:
            raise CoreMisuse(f"a voice window is int16 {self._shape}, not {window.dtype} {window.shape}")
        heard = np.concatenate((self._past, window * np.float32(1 / 32768)), axis=1)
        new = _doubled(heard) if self._narrow else heard[:, self._past.shape[1] :]
        fed = np.concatenate((self._input[:, -CONTEXT:], new), axis=1)
        try:
            output, state = self._session.run(None, {"input": fed, "state": self._state, "sr": self._rate})
        except Exception as failed:  # ONNX Runtime's errors share no public root
            raise EngineFailed(f"voice activity failed: {_first_line(failed)}") from failed
        p: npt.NDArray[np.float32] = output[:, 0]
        if not np.isfinite(p).all():
            raise EngineFailed("voice activity gave a value that is not a number")
        self._past, self._input, self._state = heard[:, -self._past.shape[1] :], fed, state
        return np.clip(p, 0.0, 1.0)


def _half_way() -> npt.NDArray[np.float32]:
    """(2 `HALF_TAPS`,) weights of the samples around a point half-way between two: a windowed sinc, flat to 3 of 4 kHz."""
    weights = np.sinc(np.arange(-HALF_TAPS, HALF_TAPS) + 0.5) * np.kaiser(4 * HALF_TAPS + 1, 8.0)[1::2]
    normed: npt.NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return normed


_HALF_WAY: Final = _half_way()


def _doubled(heard: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(tracks, 2 `HALF_TAPS` - 1 + n) at 8 kHz -> (tracks, 2 n) at 16 kHz, `HALF_TAPS` samples late."""
    between = np.array([np.convolve(track, _HALF_WAY, "valid") for track in heard])
    return np.stack((heard[:, HALF_TAPS - 1 : -HALF_TAPS], between), axis=2).reshape(len(heard), -1)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
