"""Measures turn-taking on calls of known turns, beside `call-ai-metrics`: `python -m scripts.bench_turns`.

The speakers are parted by name, those for tuning and those for the report; so are the seeds. `--tune` runs the former.
"""

import argparse
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from assistant.audio.recordings import read_recording, recording_of
from assistant.speech.silero import VoiceActivity
from scripts.benchmark import turn_calls
from scripts.benchmark.turn_calls import Clip, KnownCall
from scripts.benchmark.turns import Score, peer, run, told

SHARED = Path(__file__).parents[2] / "shared" / "data" / "audio"
REPORTED_SEED = 9000
TUNED_SEED = 100
HEADINGS = ("variant", "F1", "precision", "recall", "typed", "cut-off", "delay s", "audio/s", "peer F1", "P", "R", "audio/s")


@dataclass(frozen=True)
class Pool:
    """Two voices that call each other, and what the others say in the background; (n,) at 16 kHz."""

    first: list[Clip]
    second: list[Clip]
    seed: int
    background: np.ndarray

    def calls(self, count: int, length_s: float, *, overlaps: bool = True) -> list[KnownCall]:
        """Seeded calls; the voices change sides from one to the next."""
        made = []
        for index in range(count):
            sides = (self.first, self.second) if index % 2 else (self.second, self.first)
            seed = self.seed + index + (0 if overlaps else 500)
            made.append(turn_calls.build(f"{seed}", {"agent": sides[0], "caller": sides[1]}, seed, length_s, overlaps=overlaps))
        return made


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    found = turn_calls.speakers(options.speech)
    if len(found) < 2:
        print(f"no two speakers with FLAC or WAV utterances in {options.speech}", file=sys.stderr)
        return 2
    voice = VoiceActivity.load()
    pool = _pool(found, tune=options.tune)
    calls = pool.calls(options.count, options.length)
    what = "tuning" if options.tune else "report"
    print(f"{what}: {len(calls)} calls of {options.length:.0f} s, {sum(len(one.truths) for one in calls)} overlaps, seed {pool.seed}")
    print(" | ".join(HEADINGS))
    variants = _variants()
    for name in ("clean", "leakage -20 dB") if options.brief else variants:
        change = variants[name]
        print(_row(name, [change(call) for call in calls], voice, options.verbose))
    if options.brief:
        return 0
    print(_row("clean, voices alone", calls, voice, options.verbose, words=False))
    print(_row("leakage -20 dB, no guard", [variants["leakage -20 dB"](one) for one in calls], voice, False, guard=False))
    quiet = pool.calls(max(2, options.count // 2), options.length, overlaps=False)
    print("false interruptions on calls without any: competitive, others; in brackets with no guard; the peer's")
    for name, change in _disturbances(pool.background).items():
        print(_false(name, [change(call) for call in quiet], voice))
    for path in sorted(options.calls.rglob("*.flac")) if options.calls.is_dir() else ():
        print(_real(path, voice))
    return 0


def _variants() -> dict[str, Callable[[KnownCall], KnownCall]]:
    return {
        "clean": lambda call: call,
        "telephone": turn_calls.telephone,
        "noise 15 dB": lambda call: turn_calls.noisy(call, 15.0, 1),
        "leakage -20 dB": lambda call: turn_calls.leaking(call, -20.0),
        "echo -20 dB, 180 ms": lambda call: turn_calls.leaking(call, -20.0, 0.18, room=True),
    }


def _disturbances(background: np.ndarray) -> dict[str, Callable[[KnownCall], KnownCall]]:
    changes: dict[str, Callable[[KnownCall], KnownCall]] = {
        "none": turn_calls.telephone,
        "leakage -20 dB": lambda call: turn_calls.leaking(call, -20.0),
        "leakage -12 dB": lambda call: turn_calls.leaking(call, -12.0),
        "leakage -20 dB in a room": lambda call: turn_calls.leaking(call, -20.0, room=True),
        "echo -20 dB, 180 ms, room": lambda call: turn_calls.leaking(call, -20.0, 0.18, room=True),
        "hold music, caller": lambda call: turn_calls.beside(call, turn_calls.music(60.0, 7), 0.0),
        "television -15 dB, caller": lambda call: turn_calls.beside(call, background, -15.0),
        "television -20 dB, caller": lambda call: turn_calls.beside(call, background, -20.0),
        "television -25 dB, caller": lambda call: turn_calls.beside(call, background, -25.0),
    }
    return changes


def _row(name: str, calls: list[KnownCall], voice: VoiceActivity, verbose: bool, *, words: bool = True, guard: bool = True) -> str:
    own, other = Score(), Score()
    for call in calls:
        events, took_s = run(call, voice, words=words, guard=guard)
        own.add(call, told(events), took_s)
        other.add(call, *peer(call))
    if verbose:
        print(*(f"  {name}: {where}: {what}" for where, what in own.misses), sep="\n")
    delays = sorted(own.delays_s)
    delay = f"{median(delays):.2f}/{delays[int(0.95 * (len(delays) - 1))]:.2f}" if delays else "-"
    cells = [name, f"{own.f1:.3f}", f"{own.precision:.3f}", f"{own.recall:.3f}", f"{own.typed / max(1, own.truths):.3f}"]
    cells += [f"{own.cut_right / max(1, own.cut_truths):.3f}", delay, f"{own.audio_s / own.took_s:.0f}"]
    cells += [f"{other.f1:.3f}", f"{other.precision:.3f}", f"{other.recall:.3f}", f"{other.audio_s / other.took_s:.0f}"]
    return " | ".join(cells)


def _false(name: str, calls: list[KnownCall], voice: VoiceActivity) -> str:
    counts = []
    for guard in (True, False):
        kinds = [one.kind for call in calls for one in told(run(call, voice, words=False, guard=guard)[0])]
        counts += [kinds.count("competitive"), len(kinds) - kinds.count("competitive")]
    peers = sum(len(peer(call)[0]) for call in calls)
    minutes = sum(len(call.samples) / call.rate_hz for call in calls) / 60
    return f"{name}: {counts[0]}, {counts[1]} ({counts[2]}, {counts[3]}); {peers}; in {minutes:.1f} min"


def _real(path: Path, voice: VoiceActivity) -> str:
    audio = read_recording(recording_of(path))
    if audio.samples.shape[1] != 2:
        return f"{path.name}: not two channels"
    call = KnownCall(path.stem, audio.samples, audio.rate_hz, (), ())
    events, took_s = run(call, voice, words=False)
    kinds = [one.kind for one in told(events)]
    length_s = len(audio.samples) / audio.rate_hz
    return (
        f"{path.name}: {length_s:.0f} s, competitive {kinds.count('competitive')}, others {len(kinds) - kinds.count('competitive')}, "
        f"{length_s / took_s:.0f} times real time; the peer {len(peer(call)[0])}"
    )


def _pool(found: dict[str, list[Clip]], *, tune: bool) -> Pool:
    """The later half of the speakers, by name, is kept for the report; the others tune, and talk in the background."""
    names = sorted(found)
    half = len(names) // 2 if len(names) >= 4 else 0
    chosen, rest = (names[:half], names[half:]) if tune and half else (names[half:], names[:half] or names)
    first, second = ([clip for name in chosen[start::2] for clip in found[name]] for start in (0, 1))
    background = np.concatenate([clip.samples for name in rest for clip in random.Random(1).sample(found[name], len(found[name]))])
    return Pool(first, second, TUNED_SEED if tune else REPORTED_SEED, background)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench_turns", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--speech", type=Path, default=SHARED / "speech", help="a folder of utterances of at least two speakers")
    parser.add_argument("--calls", type=Path, default=SHARED / "calls" / "harpervalley", help="a folder of real two-channel calls")
    parser.add_argument("--count", type=int, default=10, help="how many calls are built")
    parser.add_argument("--length", type=float, default=150.0, help="seconds of each")
    parser.add_argument("--brief", action="store_true", help="two variants, and nothing else")
    parser.add_argument("--tune", action="store_true", help="the speakers and seeds that limits may be tuned on")
    parser.add_argument("--verbose", action="store_true", help="print every overlap that was told wrongly")
    return parser


if __name__ == "__main__":
    sys.exit(main())
