"""The audio that is measured on: the bundled call, whole or its end, with a little silence before it.

In: the demo call. Out: `CallAudio` that differs from run to run in how its words lie against chunks and windows.
"""

import random
from dataclasses import replace

import numpy as np

from assistant.audio.recordings import CallAudio
from assistant.live.demo import demo_audio

QUICK_S = 32.0
"""The end of the demo call, where the caller is abusive: enough for a card in a quick run."""
LEAD_S = 0.5


def bench_audio(quick: bool) -> CallAudio:
    """The demo call, (n, 2) int16; only its last `QUICK_S` in a quick run."""
    audio = demo_audio()
    return replace(audio, samples=audio.samples[-round(QUICK_S * audio.rate_hz) :]) if quick else audio


def shifted(audio: CallAudio, chance: random.Random) -> CallAudio:
    """The same call after up to `LEAD_S` of silence: a wait for the next chunk or window must not be the same in every call."""
    lead = chance.randrange(round(LEAD_S * audio.rate_hz))
    silence = np.zeros((lead, audio.samples.shape[1]), np.int16)
    return replace(audio, samples=np.concatenate((silence, audio.samples)))
