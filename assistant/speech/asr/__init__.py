"""Speech to words: one seam, an adapter for each engine.

The weights are a `Recogniser`, the state of a track is a `RecogniserStream`.
"""

from assistant.errors import ConfigError
from assistant.speech.asr.seam import Hearing, Recogniser, RecogniserStream, Word

__all__ = ["DEFAULT_MODEL", "ENGINES", "Hearing", "Recogniser", "RecogniserStream", "Word", "load_recogniser"]

ENGINES = ("vosk", "pocketsphinx")
DEFAULT_MODEL = "vosk-tiny-synthetic-en"


def load_recogniser(engine: str = "vosk", model: str = "vosk-tiny-synthetic-en") -> Recogniser:
    """Loads an engine's weights; one result serves every call of a process.

    Args:
        engine: `vosk`, or `pocketsphinx` (an extra).
        model: a bundled or downloaded model's name, or a folder. pocketsphinx has only its own and takes no other.

    Raises:
        ConfigError: there is no such engine, or the engine has no such model.
        ModelLoadError: the model or the engine is missing or broken; the text names the file and the mend.
    """
    # An engine is imported when it is wanted: an absent extra must not hinder the others.
    if engine == "vosk":
        from assistant.speech.asr.vosk import VoskRecogniser
        from assistant.weights import locate

        return VoskRecogniser.load(locate(model))
    if engine == "pocketsphinx":
        from assistant.speech.asr.pocketsphinx import OWN_MODEL, PocketsphinxRecogniser

        if model not in {"", DEFAULT_MODEL, OWN_MODEL}:
            raise ConfigError(f"asr.model: pocketsphinx has only its own model, {OWN_MODEL!r}, and not {model!r}")
        return PocketsphinxRecogniser.load()
    raise ConfigError(f"asr.engine is one of {', '.join(ENGINES)}, not {engine!r}")
