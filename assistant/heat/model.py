"""The heat of a call: what raises it, what calms it, how it fades, why it is what it is.

In: causes with media times and points. Out: a heat in [0, 100], its level, trend and reasons.
Every cause adds points when it happens, a calming one takes some away; all points fade, those of grave abuse slower, and their
sum is bent so that heat rises fast at first and never passes 100. A cause that is revised (a partial score, then the final
one) replaces itself.
"""

import math
from collections import deque
from dataclasses import dataclass, field

import msgspec

from assistant.events import HeatLevel, Reason
from assistant.heat.levels import next_level

GONE_POINTS = 0.05
TREND_WINDOW_S = 8.0
TOLD_REASONS = 4


class HeatParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[heat]` of a policy: how heat moves. Points are before the bend; seconds of media time."""

    half_life_s: float = 45.0
    grave_half_life_s: float = 300.0
    """Of threats, identity attacks and sexual remarks: one quiet minute is not a calm call."""
    bend_points: float = 70.0
    """So many points make a heat of 63."""
    upset: float = 9.0
    hostile: float = 22.0
    abuse: float = 38.0
    """An utterance of level 1, 2, 3, before the recogniser's confidence."""
    interruption: float = 7.0
    """A competitive interruption by a caller or third party."""
    cut_off: float = 5.0
    """On top, for one that silenced the other."""
    raised_voice: float = 3.0
    """A second of a raised voice, times how far its arousal is above the middle (0 to 1)."""
    dismissal: float = 6.0
    repeated_demand: float = 6.0
    integrity_challenge: float = 6.0
    threat_to_tell: float = 5.0
    """A threat of a review or of the law: a complaint, never abuse."""
    acceptance: float = -9.0
    """The caller takes an offer or thanks."""
    apology: float = -12.0
    """The caller says sorry."""
    step: float = 1.0
    """Heat is told again when it moved by this much since it was told, at most once a second, at once on a new level."""


@dataclass(frozen=True)
class Heat:
    """A reading: heat in [0, 100], trend in points a minute."""

    heat: float
    level: HeatLevel
    trend: float
    reasons: tuple[Reason, ...]


@dataclass
class _Cause:
    t_s: float
    points: float
    half_life_s: float
    reason: Reason


@dataclass
class HeatModel:
    """The heat of one call. Media time in seconds, never going back."""

    parameters: HeatParameters = field(default_factory=HeatParameters)
    _causes: dict[str, _Cause] = field(default_factory=dict)
    _level: HeatLevel = "calm"
    _trace: deque[tuple[float, float]] = field(default_factory=lambda: deque([(0.0, 0.0)]))
    _told: tuple[float, float, HeatLevel] = (-math.inf, 0.0, "calm")
    _known: tuple[float, dict[str, float]] | None = None
    """The shares at a moment, while no cause changes: one belief asks for them several times."""

    @property
    def idle(self) -> bool:
        """Whether time alone can change nothing that was told."""
        return not self._causes and self._told[1] == 0.0

    def cause(self, key: str, t_s: float, points: float, reason: Reason, *, grave: bool = False) -> None:
        """Something that happened at `t_s` carries `points` (below 0 it calms); the same key again replaces what it said."""
        self.forget(key)
        if points != 0.0:
            half_life_s = self.parameters.grave_half_life_s if grave else self.parameters.half_life_s
            self._causes[key] = _Cause(t_s, points, half_life_s, reason)
            self._known = None

    def forget(self, key: str) -> None:
        """Takes a cause back, if it is there."""
        if self._causes.pop(key, None) is not None:
            self._known = None

    def value(self, t_s: float) -> float:
        """The heat at `t_s`, in [0, 100]."""
        return self._bent(self._shares(t_s))

    def read(self, t_s: float) -> Heat:
        """The heat at `t_s`, with its level, trend and reasons."""
        shares = self._shares(t_s)
        heat = self._bent(shares)
        self._level = next_level(self._level, heat)
        began_s = t_s - TREND_WINDOW_S
        while len(self._trace) > 1 and self._trace[1][0] <= began_s:
            self._trace.popleft()
        past_t, past = self._trace[0]
        trend = 60.0 * (heat - past) / max(1.0, t_s - max(past_t, began_s))
        return Heat(round(heat, 1), self._level, round(trend, 1), self._reasons(heat, shares))

    def told(self, t_s: float) -> Heat | None:
        """The heat at `t_s` if there is something new to tell since it was told last, else None. Call it as media time goes on."""
        last_t, last, last_level = self._told
        heat = self.value(t_s)
        level = next_level(self._level, heat)
        if t_s - self._trace[-1][0] >= 1.0:
            self._trace.append((t_s, heat))
        moved = (abs(heat - last) >= self.parameters.step or (heat == 0.0) != (last == 0.0)) and t_s - last_t >= 1.0
        if not moved and level == last_level:
            return None
        reading = self.read(t_s)
        self._told = (t_s, heat, reading.level)
        return reading

    def _shares(self, t_s: float) -> dict[str, float]:
        """The points that each cause carries now; one that carries almost none is forgotten."""
        if self._known is not None and self._known[0] == t_s:
            return self._known[1]
        shares = {}
        for key, cause in list(self._causes.items()):
            left = cause.points * 0.5 ** (max(0.0, t_s - cause.t_s) / cause.half_life_s)
            if abs(left) < GONE_POINTS:
                del self._causes[key]
            else:
                shares[key] = left
        self._known = (t_s, shares)
        return shares

    def _bent(self, shares: dict[str, float]) -> float:
        return 100.0 * (1.0 - math.exp(-max(0.0, sum(shares.values())) / self.parameters.bend_points))

    def _reasons(self, heat: float, shares: dict[str, float]) -> tuple[Reason, ...]:
        """The weightiest causes, each with the points of heat that it carries now, below 0 where it calms."""
        total = sum(shares.values())
        weightiest = sorted(shares, key=lambda key: (-abs(shares[key]), key))[:TOLD_REASONS] if total > 0.0 else []
        return tuple(msgspec.structs.replace(self._causes[key].reason, points=round(heat * shares[key] / total, 1)) for key in weightiest)
