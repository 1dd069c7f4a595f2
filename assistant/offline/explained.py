"""An explanation as text for a terminal: which cards came and why, which did not, what came close. Colour is never the only sign."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.text import Text

from assistant.events import Reason
from assistant.guidance.explain import Block, Came, Explanation, Held
from assistant.guidance.nearly import NearMiss

LINES_IN_A_SECTION = 40

_CLEARED = {
    "expired": "its time was over",
    "replaced": "another card took its place",
    "done": "done",
    "not_helpful": 'put away as "not helpful"',
    "withdrawn": "withdrawn",
    "call_ended": "the call ended",
}
_OUTCOMES = {"dropped": "then dropped", "withdrawn": "then withdrawn", "call_ended": "then the call ended"}


def as_text(explanation: Explanation, *, every: bool = False) -> Iterator[Text]:
    """The lines; `every`: also near misses of rules that are named already."""
    yield _heading(f"Cards that came ({len(explanation.came)})")
    for came in explanation.came:
        yield from _came(came)
    yield _heading(f"Called for, and not shown ({len(explanation.held)})")
    yield from _bounded([line for held in explanation.held for line in _held(held)])
    near = list(explanation.near) if every else nearest(explanation.near)
    yield _heading(f"Came close: one condition failed ({len(explanation.near)})")
    times = {miss.rule: sum(other.rule == miss.rule for other in explanation.near) for miss in near}
    yield from _bounded([_near(miss, 1 if every else times[miss.rule]) for miss in near])
    if explanation.locked_s is not None:
        yield Text(f"From {clock(explanation.locked_s)} on the ladder was locked: distress was heard.")


def nearest(near: Sequence[NearMiss]) -> list[NearMiss]:
    """Of each rule and condition the miss that came closest, in the order of time."""
    best: dict[str, NearMiss] = {}
    for miss in near:
        known = best.get(miss.rule)
        if known is None or miss.short < known.short:
            best[miss.rule] = miss
    return sorted(best.values(), key=lambda miss: miss.t_s)


def clock(t_s: float) -> str:
    """Media time for people, to the tenth: 1:07.4."""
    tenths = round(t_s * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _came(came: Came) -> Iterator[Text]:
    line = Text(f"  {clock(came.t_s):>7}  ")
    line.append(came.card, style="bold")
    line.append(f'  "{came.title}"  heat {came.heat:.0f}')
    yield line
    yield from (Text(f"           {_reason(reason)}") for reason in came.reasons)
    if came.waited:
        yield Text(f"           it waited: {_blocks(came.waited)}")
    if came.cleared is not None and came.cleared_s is not None:
        yield Text(f"           gone at {clock(came.cleared_s)}: {_CLEARED.get(came.cleared, came.cleared)}", style="dim")


def _held(held: Held) -> Iterator[Text]:
    line = Text(f"  {clock(held.t_s):>7}  ")
    line.append(held.card, style="bold")
    if held.times > 1:
        line.append(f"  {held.times} times up to {clock(held.ended_s)}")
    yield line
    yield from (Text(f"           {_reason(reason)}") for reason in held.reasons)
    yield Text(f"           not shown: {_blocks(held.blocks)}; {_OUTCOMES[held.outcome]} at {clock(held.ended_s)}")


def _near(miss: NearMiss, times: int) -> Text:
    line = Text(f"  {clock(miss.t_s):>7}  ")
    line.append(miss.card, style="bold")
    quote = f' "{miss.quote}"' if miss.quote else ""
    more = f" (the closest of {times})" if times > 1 else ""
    line.append(f"  {miss.rule}: {miss.what}: {'only' if miss.condition == 'count' else 'yes, but'} ")
    line.append(miss.lacked, style="yellow")
    line.append(f"{quote}{more}")
    return line


def _reason(reason: Reason) -> str:
    p = f" (p {reason.p:.2f})" if reason.p is not None else ""
    where = f"{clock(reason.start_s)} to {clock(reason.end_s)}" if reason.start_s is not None and reason.end_s is not None else ""
    who = (reason.track or "").replace("_", " ")
    quote = f'"{reason.quote}"' if reason.quote else ""
    said = " ".join(part for part in (who, where, quote) if part)
    return f"{reason.rule}: {reason.what}{p}" + (f"; {said}" if said else "")


def _blocks(blocks: Sequence[Block]) -> str:
    """What kept a card back; what did so again and again is said once."""
    first: dict[str, Block] = {}
    times: Counter[str] = Counter()
    for block in blocks:
        first[block.why] = replace(first.get(block.why, block), to_s=block.to_s, until_s=block.until_s)
        times[block.why] += 1
    said = (_block(block) + (f", {times[why]} times" if times[why] > 1 else "") for why, block in first.items())
    return "; ".join(said) or "there was no moment for it"


def _block(block: Block) -> str:
    until = f" until {clock(block.until_s)}" if block.until_s is not None else ""
    match block.why:
        case "muted":
            return f"muted: the agent had turned cards off (from {clock(block.from_s)})"
        case "cooling":
            return f"cooling: the same card was shown a short while ago, it rests{until}"
        case "gap":
            return f"gap: too soon after the last card, none of its weight{until}"
        case "agent_speaks":
            return f"agent_speaks: the agent spoke from {clock(block.from_s)} to {clock(block.to_s)}"
        case "outranked":
            return f"outranked: a weightier card was on the screen from {clock(block.from_s)} to {clock(block.to_s)}"
        case "dwell":
            return f"dwell: the card on the screen had only just come{until}"
        case "approval":
            return f"approval: no supervisor agreed from {clock(block.from_s)} to {clock(block.to_s)}"


def _bounded(lines: Sequence[Text]) -> Iterator[Text]:
    yield from lines[:LINES_IN_A_SECTION]
    if len(lines) > LINES_IN_A_SECTION:
        yield Text(f"           and {len(lines) - LINES_IN_A_SECTION} more lines: --json gives all")
