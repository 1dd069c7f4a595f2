"""What deciding costs: beliefs in, advice out, on calls that are made from seeds.

In: the bundled policy. Out: CPU microseconds a belief and a tick, calls replayed a second, and how long a large policy takes to load.
"""

import statistics
import time
from collections.abc import Callable

from assistant.events import AnyEvent
from assistant.guidance.guide import Guide
from assistant.guidance.policy import Policy
from assistant.guidance.policy_file import load_policy, parse_policy
from assistant.guidance.replay import replay
from assistant.timebase import WINDOW_MS
from scripts.benchmark.figures import Part, Target, Tick
from scripts.benchmark.signals import CALL_S, made_signals

RULES = 200
EVENT_US = Target(50.0, below=True)
LOAD_TIMES = 3


def measure_guidance(quick: bool, tick: Tick) -> list[Part]:
    """Microseconds a belief and a tick, as a live call has them: every window one tick."""
    policy = load_policy()
    calls = [made_signals(seed) for seed in range(10 if quick else 40)]
    part = Part("guidance", "Deciding: beliefs in, advice out")
    heard, ticked = _live(policy, calls, lambda share: tick(0.6 * share))
    part.add("hear_us", "a belief, mean", statistics.fmean(heard), "µs CPU", EVENT_US)
    part.add("tick_us", "a window in which nothing was heard, mean", statistics.fmean(ticked), "µs CPU", EVENT_US)
    began = time.process_time()
    for signals in calls:
        replay(policy, signals, CALL_S)
    part.add("replayed_a_s", f"calls of {CALL_S / 60:.0f} min replayed, a core", len(calls) / (time.process_time() - began), "a CPU s")
    tick(0.9)
    text = policy_of(RULES)
    part.add("load_ms", f"a policy of {RULES} more rules, loaded", 1000 * _median_s(lambda: parse_policy(text)), "ms CPU")
    part.detail = {"calls": len(calls), "beliefs_a_call": round(statistics.fmean(len(signals) for signals in calls), 1)}
    return [part]


def policy_of(rules: int) -> str:
    """A policy file with so many rules of its own."""
    one = '[[rules]]\nid = "made.{0}"\ncard = "boundary"\non = "cue"\ncues = ["dismissal"]\ncount = 3\nheat_from = 30.0\nwhy = "made {0}"\n'
    return 'version = "made"\n\n' + "\n".join(one.format(number) for number in range(rules))


def _live(policy: Policy, calls: list[list[AnyEvent]], tick: Tick) -> tuple[list[float], list[float]]:
    """Microseconds a belief and a tick, by call."""
    heard: list[float] = []
    ticked: list[float] = []
    for number, signals in enumerate(calls, 1):
        guide = Guide(policy)
        hearing_s = ticking_s = 0.0
        windows = 0
        waiting = iter([*signals, None])
        signal = next(waiting)
        for window in range(1, round(CALL_S * 1000 / WINDOW_MS)):
            t_s = round(window * WINDOW_MS / 1000, 3)
            began = time.process_time()
            while signal is not None and signal.t_s <= t_s:
                guide.hear(signal)
                signal = next(waiting)
            between = time.process_time()
            guide.tick(t_s)
            ticking_s += time.process_time() - between
            hearing_s += between - began
            windows += 1
        heard.append(1e6 * hearing_s / len(signals))
        ticked.append(1e6 * ticking_s / windows)
        tick(number / len(calls))
    return heard, ticked


def _median_s(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(LOAD_TIMES):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return statistics.median(spent)
