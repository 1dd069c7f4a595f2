"""What a call costs in CPU time: the whole pipeline, and bare Vosk on both channels of the same audio, in turns, in this process.

In: the call, models. Out: figures in CPU seconds a second of call, all threads counted, and their ratio.
"""

import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import soxr
import vosk

from assistant.audio.recordings import CallAudio
from assistant.call import CallSettings
from assistant.config import Config
from assistant.engine import LiveEngine, Models, load_models
from assistant.listener import Answer, AskWanted, CuesWanted, DecodeWanted, DueWanted, ScoreWanted, VoiceWanted, Wanted
from assistant.weights import locate
from scripts.benchmark.calls import bench_audio
from scripts.benchmark.figures import NotMeasured, Part, Target, Tick
from scripts.benchmark.slowed import SMALL_MODEL_CPU_S, SlowedRecogniser, burn

CHUNK_S = 0.1
WARM_UP_S = 5.0
STAGES = {
    VoiceWanted: "voice activity",
    DecodeWanted: "recognition",
    ScoreWanted: "classifier",
    CuesWanted: "classifier",
    AskWanted: "asks",
    DueWanted: "due times",
}


@dataclass(frozen=True)
class Spent:
    """One run over the call: CPU seconds in all and by stage, and the seconds of channel audio that were decoded."""

    cpu_s: float
    stages: dict[str, float]
    asked: dict[str, int]
    decoded_s: float


class TimedEngine(LiveEngine):
    """The product's engine; what each answer costs is written down where it is given."""

    def __init__(self, models: Models, settings: CallSettings, audio: CallAudio) -> None:
        super().__init__(models, settings, "bench", audio.tracks, audio.rate_hz)
        self.spent: dict[str, float] = dict.fromkeys(STAGES.values(), 0.0)
        self.asked: Counter[str] = Counter()
        self.decoded_samples = 0

    def _answer(self, wanted: Wanted) -> Answer:
        stage = STAGES[type(wanted)]
        self.asked[stage] += 1
        if isinstance(wanted, DecodeWanted):
            self.decoded_samples += len(wanted.samples)
        began = time.process_time()
        try:
            return super()._answer(wanted)
        finally:
            self.spent[stage] += time.process_time() - began


def run_pipeline(models: Models, settings: CallSettings, audio: CallAudio) -> Spent:
    """The whole pipeline over the call, in chunks of `CHUNK_S`."""
    began = time.process_time()
    engine = TimedEngine(models, settings, audio)
    engine.start()
    for chunk in audio.chunks(CHUNK_S):
        engine.feed(chunk)
    engine.finish()
    cpu_s = time.process_time() - began
    return Spent(cpu_s, engine.spent, dict(engine.asked), engine.decoded_samples / audio.rate_hz)


class BareVosk:
    """Vosk as its own examples use it: a recogniser a channel, every chunk decoded, partial words asked for after each."""

    def __init__(self, models: Models, settings: Config) -> None:
        """Raises `NotMeasured` where the configured engine is another."""
        if models.engine != "vosk":
            raise NotMeasured(f"bare Vosk needs the engine vosk, not {models.engine}")
        self._rate = models.recogniser.sample_rate_hz
        self._model: Any = vosk.Model(str(locate(settings.models.recogniser)))

    def run(self, audio: CallAudio, extra_cpu_s: float = 0.0) -> float:
        """CPU seconds for all channels of the call. `extra_cpu_s` a decoded second is burnt on top. Resampling is not counted."""
        channels = [np.ascontiguousarray(audio.samples[:, track]) for track in range(len(audio.tracks))]
        if audio.rate_hz != self._rate:
            channels = [soxr.resample(channel, audio.rate_hz, self._rate) for channel in channels]
        step = round(CHUNK_S * self._rate)
        began = time.process_time()
        for channel in channels:
            recogniser: Any = vosk.KaldiRecognizer(self._model, self._rate)
            recogniser.SetWords(True)
            for begin in range(0, len(channel), step):
                chunk = channel[begin : begin + step]
                burn(extra_cpu_s * len(chunk) / self._rate)
                if recogniser.AcceptWaveform(chunk.tobytes()):
                    recogniser.Result()
                else:
                    recogniser.PartialResult()
            recogniser.FinalResult()
        return time.process_time() - began


def measure_cost(quick: bool, tick: Tick) -> list[Part]:
    """The cost with the bundled model, and replayed with one that costs what the published small model does."""
    config = Config()
    models, settings = load_models(config.models), config.call_settings()
    bare = BareVosk(models, config)
    audio = bench_audio(quick=False)
    warm_up = replace(audio, samples=audio.samples[: round(WARM_UP_S * audio.rate_hz)])
    run_pipeline(models, settings, warm_up)
    bare.run(warm_up)
    own, bare_cpu_s = _with_own_model(models, settings, bare, audio, quick, tick)
    extra_cpu_s = max(0.0, SMALL_MODEL_CPU_S - bare_cpu_s / len(audio.tracks))
    slowed = replace(models, recogniser=SlowedRecogniser(models.recogniser, extra_cpu_s))
    return [own, _replayed(slowed, settings, bare, bench_audio(quick), extra_cpu_s, quick, tick)]


def _with_own_model(
    models: Models, settings: CallSettings, bare: BareVosk, audio: CallAudio, quick: bool, tick: Tick
) -> tuple[Part, float]:
    part = Part("cost", f"Cost, {models.recogniser.name}, CPU s a second of call")
    whole, alone = _in_turns(models, settings, bare, audio, 0.0, 3 if quick else 5, 30.0 if quick else 75.0, lambda share: tick(share / 2))
    call_s = audio.duration_s
    pipeline_s = statistics.median(run.cpu_s for run in whole) / call_s
    bare_s = statistics.median(alone) / call_s
    part.add("pipeline", "whole pipeline", pipeline_s, "s")
    for stage in dict.fromkeys(STAGES.values()):
        part.add(stage.replace(" ", "_"), f"  of it {stage}", statistics.median(run.stages[stage] for run in whole) / call_s, "s")
    rest = statistics.median(run.cpu_s - sum(run.stages.values()) for run in whole) / call_s
    part.add("rest", "  of it all else (chunks, turns, heat, cards, events)", rest, "s")
    part.add("bare_vosk", "bare Vosk, both channels", bare_s, "s")
    ratios = [run.cpu_s / bare_run for run, bare_run in zip(whole, alone, strict=True)]
    part.add("ratio", "pipeline / bare Vosk", statistics.median(ratios), "", Target(1.2))
    part.add("decoded_share", "share of the channels' audio that was decoded", whole[-1].decoded_s / call_s / len(audio.tracks))
    part.add("calls_a_core", "live calls a core, by this cost alone", 1 / pipeline_s)
    part.detail = {
        "repetitions": len(whole),
        "ratios": [round(ratio, 4) for ratio in ratios],
        "best_ratio": round(min(run.cpu_s for run in whole) / min(alone), 4),
        "pipeline_cpu_s": [round(run.cpu_s, 4) for run in whole],
        "bare_cpu_s": [round(run, 4) for run in alone],
        "asked": whole[-1].asked,
        "call_s": call_s,
    }
    return part, bare_s


def _replayed(
    models: Models, settings: CallSettings, bare: BareVosk, audio: CallAudio, extra_cpu_s: float, quick: bool, tick: Tick
) -> Part:
    part = Part("replay", "Cost with a recogniser that costs what the small published model does (replayed, cost assumed)")
    repetitions, budget_s = (1, 20.0) if quick else (2, 80.0)
    whole, alone = _in_turns(models, settings, bare, audio, extra_cpu_s, repetitions, budget_s, lambda share: tick(0.5 + share / 2))
    ratios = [run.cpu_s / bare_run for run, bare_run in zip(whole, alone, strict=True)]
    part.add("pipeline", "whole pipeline", statistics.median(run.cpu_s for run in whole) / audio.duration_s, "s")
    part.add("bare_vosk", "bare Vosk, both channels", statistics.median(alone) / audio.duration_s, "s")
    part.add("ratio", "pipeline / bare Vosk", statistics.median(ratios), "", Target(0.9, below=True))
    part.add("decoded_share", "share of the channels' audio that was decoded", whole[-1].decoded_s / audio.duration_s / len(audio.tracks))
    part.notes.append(
        f"Replay: each decoded second costs {SMALL_MODEL_CPU_S:.2f} CPU s in all, an assumption for vosk-model-small-en-us-0.15 "
        "(docs/benchmarks.md); what decides is the share of audio that is decoded."
    )
    part.detail = {
        "assumed_cpu_s": SMALL_MODEL_CPU_S,
        "extra_cpu_s": round(extra_cpu_s, 4),
        "ratios": [round(ratio, 4) for ratio in ratios],
        "call_s": audio.duration_s,
    }
    return part


def _in_turns(
    models: Models,
    settings: CallSettings,
    bare: BareVosk,
    audio: CallAudio,
    extra_cpu_s: float,
    repetitions: int,
    budget_s: float,
    tick: Tick,
) -> tuple[list[Spent], list[float]]:
    """Pipeline and bare Vosk in turns, changing who goes first; fewer repetitions, at least one, where the time runs out."""
    whole: list[Spent] = []
    alone: list[float] = []
    began = time.monotonic()
    while len(whole) < repetitions:
        spent_s = time.monotonic() - began
        if whole and spent_s * (len(whole) + 1) / len(whole) > budget_s:
            break
        if len(whole) % 2:
            alone.append(bare.run(audio, extra_cpu_s))
            whole.append(run_pipeline(models, settings, audio))
        else:
            whole.append(run_pipeline(models, settings, audio))
            alone.append(bare.run(audio, extra_cpu_s))
        tick(len(whole) / repetitions)
    return whole, alone
