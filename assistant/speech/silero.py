"""Voice activity by Silero through ONNX Runtime: windows of all tracks in, a speech probability for each track out.

Enters: (tracks, w) int16, w = 32 ms at 8 or 16 kHz. Leaves: (tracks,) float32 in [0, 1]. Latency: the window itself,
no look-ahead. The weights are shared and read-only; a `VoiceStream` holds the state of one call.
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from assistant.errors import CoreMisuse, EngineFailed, ModelLoadError
from assistant.timebase import window_samples
from assistant.weights import locate

MODEL_NAME: Final = "silero-vad"
MODEL_FILE: Final = "silero_vad.onnx"
STATE_WIDTH: Final = 128
CONTEXT_SHARE: Final = 8
"""The model wants the last eighth of the window before (32 samples at 8 kHz, 64 at 16 kHz) ahead of each window."""


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
            for sample_rate_hz in (8000, 16000):
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
        window = window_samples(sample_rate_hz)
        self._session = session
        self._shape = (tracks, window)
        self._context = window // CONTEXT_SHARE
        self._rate = np.array(sample_rate_hz, np.int64)
        self._input = np.zeros((tracks, self._context + window), np.float32)
        self._state = np.zeros((2, tracks, STATE_WIDTH), np.float32)

    @property
    def window_samples(self) -> int:
        """Samples of each track in a window: 256 at 8 kHz, 512 at 16 kHz."""
        return self._shape[1]

    def reset(self) -> None:
        """Forgets all audio: the stream is as new."""
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
        fed = np.empty_like(self._input)
        fed[:, : self._context] = self._input[:, -self._context :]
        np.multiply(window, np.float32(1 / 32768), out=fed[:, self._context :])
        try:
            output, state = self._session.run(None, {"input": fed, "state": self._state, "sr": self._rate})
        except Exception as failed:  # ONNX Runtime's errors share no public root
            raise EngineFailed(f"voice activity failed: {_first_line(failed)}") from failed
        p: npt.NDArray[np.float32] = output[:, 0]
        if not np.isfinite(p).all():
            raise EngineFailed("voice activity gave a value that is not a number")
        self._input, self._state = fed, state
        return np.clip(p, 0.0, 1.0)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
