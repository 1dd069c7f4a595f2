"""From the end of a phrase to what is seen of it at a client. Pure.

In: a watched call. Out: `Wait`s. The end of a phrase is the end of its last word in media time, by the word times of the final utterance
(those of partial words are estimates), and on the clock the moment at which that was spoken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.events import AnyEvent, CardShown, Interruption, Reason, Utterance, UtteranceScored, Word, WordsPartial
from assistant.signals.turns import TurnParameters
from scripts.benchmark.streams import WatchedCall

Kind = Literal["card", "held_card", "partial_score", "interruption", "floor_card"]
HOSTILE_LEVEL = 2
HELD_S = 0.5
"""Words are judged, and judged to stand, within this much media time of being told, and final words at once. A card that comes later was
decided on by then and held back by the prompt budget: the agent was speaking, or another card had to stay for its time."""


@dataclass(frozen=True)
class Wait:
    """One thing that was seen. `media_s` more audio was needed after the phrase, `work_s` went into work and transport."""

    kind: Kind
    what: str
    quote: str
    media_s: float
    work_s: float

    @property
    def wait_s(self) -> float:
        """From the end of the phrase to the client."""
        return self.media_s + self.work_s


def waits(call: WatchedCall, turns: TurnParameters) -> list[Wait]:
    """Everything in a call that can be timed; `turns` defines an interruption."""
    finals = {event.utterance_id: event for _, event in call.received if isinstance(event, Utterance)}
    first_told: dict[tuple[str, str], float] = {}
    told: set[str] = set()
    found: list[Wait] = []
    for clock, event in call.received:
        match event:
            case WordsPartial():
                first_told.setdefault((event.utterance_id, event.text), event.t_s)
            case CardShown():
                found += _card(call, clock, event, finals, first_told)
            case UtteranceScored(partial=True) if (event.level or 0) >= HOSTILE_LEVEL:
                end_s = phrase_end(event.text, event.end_s, finals.get(event.utterance_id))
                if end_s is not None:
                    found.append(_wait(call, clock, event, "partial_score", f"level {event.level}", event.text, end_s))
            case Interruption(kind="competitive") if event.interruption_id not in told:
                told.add(event.interruption_id)
                found.append(_wait(call, clock, event, "interruption", event.by, "", _fulfilled_s(event, turns)))
            case _:
                pass
    return found


def phrase_end(quote: str, end_s: float | None, final: Utterance | None) -> float | None:
    """When the last quoted word ended, in media seconds; None where no final words tell.

    Where the final words begin as the quote does, its last word is known by its place. Where they differ, it is the last final word
    that began before `end_s`, the quote's own estimate of its end.
    """
    if final is None or not final.words:
        return None
    quoted = quote.split()
    if [word.text for word in final.words[: len(quoted)]] == quoted:
        return final.words[len(quoted) - 1].end_s
    begun: Sequence[Word] = [word for word in final.words if end_s is not None and word.start_s < end_s]
    return begun[-1].end_s if begun else None


def _fulfilled_s(event: Interruption, turns: TurnParameters) -> float:
    """When the overlap became competitive: long enough an overlap, by speech that lasts; or, told sooner than that, by having won."""
    lasts_s = event.start_s + max(turns.bid_s, turns.backchannel_s)
    return lasts_s if event.t_s >= lasts_s else event.start_s + turns.bid_s


def _card(
    call: WatchedCall, clock: float, shown: CardShown, finals: dict[str, Utterance], first_told: dict[tuple[str, str], float]
) -> list[Wait]:
    ends = [(end_s, reason) for reason in shown.reasons if (end_s := _reason_end(reason, finals)) is not None]
    if ends:
        end_s, reason = max(ends, key=lambda end: end[0])
        final = finals[reason.utterance_id or ""]
        told_s = first_told.get((final.utterance_id, reason.quote or ""), shown.t_s)
        held = shown.t_s - told_s > HELD_S and shown.t_s != final.t_s
        return [_wait(call, clock, shown, "held_card" if held else "card", shown.card, reason.quote or "", end_s)]
    fired = [reason.end_s for reason in shown.reasons if reason.utterance_id is None and reason.end_s is not None]
    return [_wait(call, clock, shown, "floor_card", shown.card, "", max(fired))] if fired else []


def _reason_end(reason: Reason, finals: dict[str, Utterance]) -> float | None:
    if reason.utterance_id is None or reason.quote is None:
        return None
    return phrase_end(reason.quote, reason.end_s, finals.get(reason.utterance_id))


def _wait(call: WatchedCall, clock: float, event: AnyEvent, kind: Kind, what: str, quote: str, end_s: float) -> Wait:
    return Wait(kind, what, quote, event.t_s - end_s, clock - call.spoken_at(event.t_s))
