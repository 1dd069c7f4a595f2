"""Beliefs of calls that never were, from seeds: the input of guidance as a live call would store it. Same seed, same call.

In: a seed and a length. Out: signals in the order of their `seq`, at the ends of windows, as `document.fold` keeps them.
"""

import random
from dataclasses import dataclass, field
from typing import Any

import msgspec

from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CueHeard,
    Interruption,
    LineQuality,
    Pressed,
    Reason,
    RecentTurns,
    SpeechEnded,
    SpeechStarted,
    TrackTurns,
    TurnTaking,
    UtteranceScored,
    WordsPartial,
)
from assistant.signals.cues.kinds import CUES, may_say
from assistant.timebase import WINDOW_MS, Track

CALL_S = 300.0
LABELS = ("insult", "threat", "profanity", "identity_attack", "sexual", "hostile", "distress")
SAID = "i have been waiting for three weeks and nobody can tell me where the parcel is or who signed for it"


@dataclass
class _Mood:
    """What a made call is like: the chances that the caller is upset, hostile, abusive."""

    upset: float
    hostile: float
    abuse: float


MOODS = (_Mood(0.08, 0.0, 0.0), _Mood(0.3, 0.06, 0.0), _Mood(0.3, 0.25, 0.12))


@dataclass
class MadeCall:
    """Signals under way."""

    chance: random.Random
    mood: _Mood
    signals: list[AnyEvent] = field(default_factory=list)
    seq: int = 1

    def tell(self, t_s: float, event: AnyEvent) -> None:
        """Becomes known at the end of the window that holds `t_s`."""
        windows = int(t_s * 1000 / WINDOW_MS) + 1
        now_s = max(round(windows * WINDOW_MS / 1000, 3), self.signals[-1].t_s if self.signals else 0.0)
        self.seq += self.chance.randrange(1, 4)
        self.signals.append(msgspec.structs.replace(event, seq=self.seq, t_s=now_s))


def made_signals(seed: int, call_s: float = CALL_S, presses: bool = True) -> list[AnyEvent]:
    """The signals of one call of `call_s` seconds with about an utterance every five seconds."""
    chance = random.Random(seed)
    call = MadeCall(chance, MOODS[chance.choices((0, 1, 2), (0.6, 0.3, 0.1))[0]])
    due: list[tuple[float, AnyEvent]] = []
    t_s, number, speaker = 0.5, 0, "agent"
    while t_s < call_s - 1.0:
        number += 1
        length_s = min(chance.uniform(1.0, 7.0), call_s - t_s - 0.5)
        track: Track = "agent" if speaker == "agent" else "caller"
        due += _agent_says(chance, f"u{number}", t_s, length_s) if track == "agent" else _caller_says(call, f"u{number}", t_s, length_s)
        if chance.random() < 0.12:
            due.append((t_s + 0.6, _interruption(chance, f"i{number}", t_s, track)))
        if presses and chance.random() < 0.04:
            action = chance.choice(("done", "not_helpful", "warning_given", "mute", "unmute", "approve"))
            due.append((t_s, Pressed(action=action, card_id=f"c{chance.randrange(1, 8)}")))
        t_s += length_s + chance.uniform(-0.4, 1.0)
        speaker = "caller" if speaker == "agent" else "agent"
    due += [(5.0 * k, _turns(chance)) for k in range(1, int(call_s / 5.0))]
    if chance.random() < 0.1:
        due.append((call_s / 2, LineQuality(quality="poor")))
    for at_s, event in sorted(due, key=lambda one: one[0]):
        call.tell(min(at_s, call_s - 0.1), event)
    return call.signals


def made_document(seed: int, call_s: float = CALL_S) -> dict[str, Any]:
    """A call document that holds made signals, and of the rest what reading it asks for."""
    signals = [{k: v for k, v in msgspec.to_builtins(one).items() if k != "call_id"} for one in made_signals(seed, call_s)]
    call = {"name": f"made-{seed}", "duration_s": call_s, "tracks": ["agent", "caller"], "policy": "made"}
    return {"call": call, "utterances": [], "heat": [], "guidance": [], "signals": signals}


def _agent_says(chance: random.Random, key: str, t_s: float, length_s: float) -> list[tuple[float, AnyEvent]]:
    end_s = round(t_s + length_s, 3)
    said: list[tuple[float, AnyEvent]] = [
        (t_s, SpeechStarted(track="agent", start_s=round(t_s, 3))),
        (end_s, SpeechEnded(track="agent", start_s=round(t_s, 3), end_s=end_s)),
    ]
    return said + _cues(chance, key, "agent", t_s, end_s)


def _caller_says(call: MadeCall, key: str, t_s: float, length_s: float) -> list[tuple[float, AnyEvent]]:
    chance, mood, end_s = call.chance, call.mood, round(t_s + length_s, 3)
    level = chance.choices((0, 1, 2, 3), (1.0 - mood.upset - mood.hostile - mood.abuse, mood.upset, mood.hostile, mood.abuse))[0]
    said: list[tuple[float, AnyEvent]] = []
    for part in range(chance.randrange(1, 4)):
        at_s = t_s + length_s * (part + 1) / 4
        partial = level if part else min(level, 1)
        said.append((at_s, _scored(chance, key, t_s, at_s, partial, None)))
    if chance.random() < 0.02:
        return [*said, (end_s, WordsPartial(utterance_id=key, track="caller", start_s=t_s, end_s=t_s, text=""))]
    said.append((end_s + 0.1, _scored(chance, key, t_s, end_s, level, round(chance.uniform(0.45, 1.0), 3))))
    said += [(t_s + k + 1.0, _arousal(chance, level)) for k in range(int(length_s))]
    return said + _cues(chance, key, "caller", t_s, end_s)


def _scored(chance: random.Random, key: str, t_s: float, end_s: float, level: int, confidence: float | None) -> UtteranceScored:
    scores = {label: round(chance.uniform(0.0, 0.2), 4) for label in LABELS}
    if level == 3:
        scores[chance.choice(LABELS[:5])] = round(chance.uniform(0.7, 0.99), 4)
    if chance.random() < 0.002:
        scores["distress"] = 0.8
    return UtteranceScored(
        utterance_id=key,
        track="caller",
        partial=confidence is None,
        scores=scores,
        level=level,
        target="person" if level >= 2 else "situation",
        p_abuse=round(chance.uniform(0.79, 0.99) if level == 3 else chance.uniform(0.0, 0.4), 4),
        abuse=level == 3,
        start_s=round(t_s, 3),
        end_s=round(end_s, 3),
        text=_text(chance),
        confidence=confidence,
    )


def _cues(chance: random.Random, key: str, track: Track, t_s: float, end_s: float) -> list[tuple[float, AnyEvent]]:
    if chance.random() > 0.35:
        return []
    common = [cue for cue in CUES if may_say(track, cue) and cue not in ("self_harm", "medical", "danger")]
    heard = CueHeard(
        cue_id=f"{key}.0",
        cue=chance.choice(common),
        track=track,
        utterance_id=key,
        start_s=round(t_s, 3),
        end_s=end_s,
        text=_text(chance),
        rule="score",
        p=round(chance.uniform(0.5, 1.0), 3),
        confidence=round(chance.uniform(0.4, 1.0), 3),
    )
    return [(end_s + 0.1, heard)]


def _arousal(chance: random.Random, level: int) -> ArousalMeasured:
    arousal = round(min(1.0, chance.uniform(0.1, 0.5) + 0.15 * level), 3)
    numbers = {"loudness_db": 2.0, "pitch_st": 1.0, "pitch_range_st": 4.0, "tilt_db": 0.5, "pace": 1.1}
    reasons = [Reason(rule="arousal.loudness", what="louder than at first")] if arousal >= 0.5 else []
    return ArousalMeasured(track="caller", arousal=arousal, raised_voice=arousal >= 0.5, reasons=reasons, **numbers)


def _interruption(chance: random.Random, key: str, t_s: float, by: Track) -> Interruption:
    kind = chance.choice(("backchannel", "cooperative", "competitive", "competitive"))
    cut_off = kind == "competitive" and chance.random() < 0.4
    of: Track = "agent" if by == "caller" else "caller"
    return Interruption(interruption_id=key, start_s=round(t_s, 3), by=by, of=of, kind=kind, cut_off=cut_off, overlap_s=0.5)


def _turns(chance: random.Random) -> TurnTaking:
    recent = {"talk_share": 0.5, "interruptions": 1, "cut_offs": 0, "blocked_attempts": 0, "overlap_ratio": 0.02, "words_per_min": 150.0}
    whole = recent | {"speech_s": 80.0, "interruptions_per_min": 1.0, "backchannels": 2, "cooperative": 1}
    length = round(chance.uniform(4.0, 55.0), 3)
    return TurnTaking(
        tracks={track: TrackTurns(longest_monologue_s=length, **whole) for track in ("agent", "caller")},
        last_minute={track: RecentTurns(longest_monologue_s=length, **recent) for track in ("agent", "caller")},
    )


def _text(chance: random.Random) -> str:
    words = SAID.split()
    first = chance.randrange(len(words) - 3)
    return " ".join(words[first : first + chance.randrange(3, 12)])
