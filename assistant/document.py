"""The call document: the events of one call folded into the one JSON object that reports and the API give. Pure."""

from collections.abc import Iterable
from typing import Any

import msgspec

from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CallEnded,
    CallStarted,
    CardShown,
    CueHeard,
    HeatChanged,
    Interruption,
    LadderCooled,
    LadderMoved,
    LineQuality,
    StageDegraded,
    TerminationLocked,
    TurnTaking,
    Utterance,
    UtteranceScored,
)
from assistant.guidance.beliefs import KINDS, abuse_kind
from assistant.guidance.replay import is_signal

Document = dict[str, Any]


def fold(name: str, events: Iterable[AnyEvent]) -> Document:
    """The document of the call `name`, from all its events or from those so far.

    `signals` are the beliefs as they became known: from them alone the call can be advised anew (`calmline policy replay`).
    """
    call: Document = {"name": name, "duration_s": 0.0}
    utterances: dict[str, Document] = {}
    interruptions: dict[str, Document] = {}
    turn_taking: Document = {}
    dead_air_s = 0.0
    heat: list[Document] = []
    guidance: list[Document] = []
    kinds: set[str] = set()
    steps: list[str] = []
    degraded: list[Document] = []
    cues: list[Document] = []
    arousal: list[Document] = []
    line: list[Document] = []
    signals: list[Document] = []
    locked = False
    end_s = 0.0
    for event in events:
        end_s = max(end_s, event.t_s)
        if is_signal(event):
            signals.append({key: value for key, value in msgspec.to_builtins(event).items() if key != "call_id"})
        match event:
            case CallStarted():
                facts = msgspec.structs.asdict(event)
                call |= {key: value for key, value in facts.items() if key not in ("seq", "t_s")}
            case Utterance():
                utterances[event.utterance_id] = _said(event)
            case UtteranceScored(partial=False) if event.utterance_id in utterances:
                utterances[event.utterance_id] |= {
                    "scores": event.scores,
                    "level": event.level,
                    "target": event.target,
                    "p_abuse": event.p_abuse,
                    "abuse": event.abuse,
                }
                kind = abuse_kind(event.scores, event.target) if event.abuse else None
                if kind is not None:
                    kinds.add(kind)
            case CueHeard():
                cues.append(_at(event.t_s, event, _CUE_FIELDS))
            case ArousalMeasured():
                arousal.append(_at(event.t_s, event, ("track", "arousal", "raised_voice", "reasons")))
            case LineQuality():
                line.append(_at(event.t_s, event, ("quality", "reasons")))
            case Interruption():
                interruptions[event.interruption_id] = {
                    "start_s": event.start_s,
                    "by": event.by,
                    "of": event.of,
                    "kind": event.kind,
                    "cut_off": event.cut_off,
                    "overlap_s": event.overlap_s,
                }
            case TurnTaking():
                turn_taking = msgspec.to_builtins(event.tracks)
                dead_air_s = event.dead_air_s
            case HeatChanged():
                heat.append(_at(event.t_s, event, ("heat", "level", "trend", "reasons")))
            case CardShown():
                shown = _at(event.t_s, event, ("card", "title", "say", "reasons", "policy"))
                guidance.append(shown | ({"kind": event.kind} if event.kind else {}))
            case LadderMoved():
                steps.append(event.step)
            case LadderCooled():
                steps = [] if event.step is None else [event.step]
            case TerminationLocked():
                locked = True
            case StageDegraded(recovered=False):
                degraded.append({"t_s": event.t_s, "stage": event.stage, "why": event.why})
            case CallEnded():
                call |= {"duration_s": event.duration_s, "ended": event.why}
                end_s = event.duration_s
            case _:
                pass
    call["duration_s"] = end_s
    return {
        "call": call,
        "utterances": sorted(utterances.values(), key=lambda said: (said["start_s"], said["id"])),
        "interruptions": sorted(interruptions.values(), key=lambda one: (one["start_s"], one["by"])),
        "turn_taking": turn_taking,
        "cues": cues,
        "arousal": arousal,
        "line": line,
        "heat": heat,
        "guidance": guidance,
        "summary": {
            "peak_heat": max((point["heat"] for point in heat), default=0.0),
            "mean_heat": _mean_heat(heat, end_s),
            "abuse_kinds": [kind for kind in KINDS if kind in kinds],
            "ladder_step": steps[-1] if steps else None,
            "termination_locked": locked,
            "cards": len(guidance),
            "competitive_interruptions": sum(one["kind"] == "competitive" for one in interruptions.values()),
            "dead_air_s": dead_air_s,
            "agent_apologies": sum(cue["cue"] == "apology" and cue["track"] == "agent" for cue in cues),
            "raised_voice_s": sum(one["raised_voice"] for one in arousal),
            "promises": [_promise(cue) for cue in cues if cue["cue"] == "promise"],
            "degraded": degraded,
        },
        "signals": signals,
    }


def encode_document(document: Document) -> bytes:
    """The document as indented JSON in UTF-8, with a final line end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _said(event: Utterance) -> Document:
    said: Document = {
        "id": event.utterance_id,
        "track": event.track,
        "start_s": event.start_s,
        "end_s": event.end_s,
        "text": event.text,
        "confidence": event.confidence,
    }
    return said | ({"words": msgspec.to_builtins(event.words)} if event.words else {})


_CUE_FIELDS = ("cue", "track", "utterance_id", "start_s", "end_s", "text", "rule", "p", "confidence", "detail", "due")


def _promise(cue: Document) -> Document:
    return {"t_s": cue["t_s"], "text": cue["text"], "due_words": cue["detail"], "due": cue["due"]}


def _at(t_s: float, event: AnyEvent, fields: tuple[str, ...]) -> Document:
    return {"t_s": t_s, **{field: msgspec.to_builtins(getattr(event, field)) for field in fields}}


def _mean_heat(heat: list[Document], end_s: float) -> float:
    """The mean over media time; heat is 0 before it was first told, and holds until it is told again."""
    if end_s <= 0.0:
        return 0.0
    until = [*(point["t_s"] for point in heat[1:]), end_s][: len(heat)]
    area: float = sum(point["heat"] * max(0.0, end - point["t_s"]) for point, end in zip(heat, until, strict=True))
    return round(area / end_s, 1)
