"""Files for the tests of recordings and transcripts, made on the spot."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile


def tone(length_s: float = 1.0, rate_hz: int = 8000, channels: int = 2, level: float = 0.3) -> np.ndarray:
    """(n, channels) int16: another pitch on each channel."""
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    columns = [level * np.sin(2 * np.pi * (220 + 150 * channel) * t) for channel in range(channels)]
    return np.rint(np.stack(columns, axis=1) * 32767).astype(np.int16)


def write_audio(path: Path, samples: np.ndarray | None = None, rate_hz: int = 8000, **kind: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone() if samples is None else samples, rate_hz, **kind)
    return path


def said(track: str, start_s: float, end_s: float, text: str, **more: Any) -> dict[str, Any]:
    return {"track": track, "start_s": start_s, "end_s": end_s, "text": text, **more}


def transcript(*lines: dict[str, Any], tracks: tuple[str, ...] = ("agent", "caller")) -> bytes:
    return json.dumps({"tracks": tracks, "utterances": lines}).encode()


CALM = transcript(
    said("agent", 0.5, 2.0, "thank you for calling how can i help"),
    said("caller", 2.5, 5.0, "i would like to know when my parcel will arrive"),
    said("agent", 5.5, 7.0, "it will be there tomorrow"),
)
HOT = transcript(
    said("agent", 0.5, 2.0, "how can i help"),
    said("caller", 2.2, 5.0, "you stupid idiot you have ruined everything"),
    said("agent", 5.5, 7.0, "i am sorry to hear that"),
    said("caller", 7.2, 9.0, "you are a worthless moron"),
    said("caller", 9.5, 11.0, "shut your mouth you dumb cow"),
)
