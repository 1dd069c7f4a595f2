"""Every error that Calmline raises on purpose; each says what is wrong and, where it can, the mend."""


class AssistantError(Exception):
    """The root: catch it at the edge (a command, a socket) and show its text as it is."""


class ConfigError(AssistantError):
    """A setting is missing, unknown or out of range; the text names the field."""


class AudioFormatError(AssistantError):
    """Audio that cannot be read as what it claims to be; the peer's or the file's fault."""


class PeerProtocolError(AssistantError):
    """A network peer broke the protocol; `code` is the websocket close code to answer with."""

    def __init__(self, message: str, code: int = 1002) -> None:
        super().__init__(message)
        self.code = code


class CoreMisuse(AssistantError):
    """Our own shell broke the core's rules (a wrong answer, audio after the end)."""


class ModelLoadError(AssistantError):
    """A model is missing or broken; the text names the file and the mend."""


class EngineFailed(AssistantError):
    """A model failed while it worked; becomes a `StageDegraded` event, never a zero score."""
