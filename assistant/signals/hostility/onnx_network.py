"""The shipped network: int8 through ONNX Runtime.

In: token ids (n,). Out: (41,) float32 logits. 2 to 3 ms at 24 tokens on one thread; `run` releases the interpreter
lock.
"""

from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import EngineFailed, ModelLoadError
from assistant.signals.hostility.decide import Logits
from assistant.signals.hostility.encode import Encoded
from assistant.signals.hostility.labels import OUTPUTS


class OnnxNetwork:
    """One session, shared by all threads. Errors: `ModelLoadError` naming the file."""

    def __init__(self, file: Path, threads: int) -> None:
        self._session = open_session(file, threads)
        shape = self._session.get_outputs()[0].shape
        if shape[-1] != len(OUTPUTS):
            raise ModelLoadError(f"{file}: gives {shape[-1]} outputs, not {len(OUTPUTS)}; it is not a Calmline network")

    def logits(self, encoded: Encoded) -> Logits:
        """(41,) float32. Errors: `EngineFailed`."""
        feeds = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "token_type_ids": np.array([encoded.segments], dtype=np.int64),
        }
        try:
            (logits,) = self._session.run(None, feeds)
        except Exception as error:
            raise EngineFailed(f"the hostility network failed: {type(error).__name__}") from error
        return np.asarray(logits[0], dtype=np.float32)


def open_session(file: Path, threads: int) -> Any:
    """An ONNX Runtime session for one text at a time. Errors: `ModelLoadError` naming the file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads must not burn a core that a recogniser needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # The fused SkipLayerNormalization is seven times slower on a processor than its two parts.
        return onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
        )
    except Exception as error:  # the runtime's errors share no public base class
        raise ModelLoadError(f"{file}: ONNX Runtime cannot load it ({error}); restore the model folder") from error
