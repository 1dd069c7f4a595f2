"""The heat of a call: what raises it, how it fades, why it is what it is.

In: beliefs about utterances and interruptions, with media times. Out: a heat in [0, 100], its level, trend and reasons.
Every cause adds points when it happens; all points fade with the same half-life, and their sum is bent so that heat
rises fast at first and never passes 100. A cause that is revised (a partial score, then the final one) replaces itself.
"""

import math
from collections import deque
from dataclasses import dataclass, field

import msgspec

from assistant.events import HeatLevel, Reason
from assistant.heat.levels import next_level

LEVEL_POINTS = {0: 0.0, 1: 9.0, 2: 22.0, 3: 38.0}
"""Points of an utterance by its level of hostility, before its confidence."""


@dataclass(frozen=True)
class HeatParameters:
    """How heat moves. Half-life and trend window in seconds."""

    half_life_s: float = 45.0
    bend_points: float = 70.0
    """So many points make a heat of 63."""
    interruption_points: float = 7.0
    cut_off_points: float = 5.0
    """On top, for an interruption that silenced the agent."""
    trend_window_s: float = 8.0
    told_reasons: int = 4
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
    reason: Reason


@dataclass
class HeatModel:
    """The heat of one call. Media time in seconds, never going back."""

    parameters: HeatParameters = field(default_factory=HeatParameters)
    _causes: dict[str, _Cause] = field(default_factory=dict)
    _level: HeatLevel = "calm"
    _trace: deque[tuple[float, float]] = field(default_factory=deque)
    _told: tuple[float, float, HeatLevel] = (-math.inf, 0.0, "calm")

    def cause(self, key: str, t_s: float, points: float, reason: Reason) -> None:
        """Something that happened at `t_s` carries `points` (0: nothing); the same key again replaces what it said."""
        self.forget(key)
        if points > 0.0:
            self._causes[key] = _Cause(t_s, points, reason)

    def forget(self, key: str) -> None:
        """Takes a cause back, if it is there."""
        self._causes.pop(key, None)

    def read(self, t_s: float) -> Heat:
        """The heat at `t_s`."""
        heat, shares = self._at(t_s)
        self._level = next_level(self._level, heat)
        while self._trace and self._trace[0][0] < t_s - self.parameters.trend_window_s:
            self._trace.popleft()
        past_t, past = self._trace[0] if self._trace else (t_s, heat)
        trend = 60.0 * (heat - past) / max(1.0, t_s - past_t) if t_s > past_t else 0.0
        return Heat(round(heat, 1), self._level, round(trend, 1), self._reasons(heat, shares))

    def told(self, t_s: float) -> Heat | None:
        """The heat at `t_s` if there is something new to tell since it was told last, else None. Call it as media time goes on."""
        last_t, last, last_level = self._told
        heat, _ = self._at(t_s)
        level = next_level(self._level, heat)
        if not self._trace or t_s - self._trace[-1][0] >= 1.0:
            self._trace.append((t_s, heat))
        moved = abs(heat - last) >= self.parameters.step and t_s - last_t >= 1.0
        if not moved and level == last_level:
            return None
        reading = self.read(t_s)
        self._told = (t_s, heat, reading.level)
        return reading

    def _at(self, t_s: float) -> tuple[float, dict[str, float]]:
        shares = {}
        for key, cause in list(self._causes.items()):
            left = cause.points * 0.5 ** (max(0.0, t_s - cause.t_s) / self.parameters.half_life_s)
            if left < 0.05:
                del self._causes[key]
            else:
                shares[key] = left
        return 100.0 * (1.0 - math.exp(-sum(shares.values()) / self.parameters.bend_points)), shares

    def _reasons(self, heat: float, shares: dict[str, float]) -> tuple[Reason, ...]:
        """The weightiest causes, each with the points of heat that it carries now."""
        total = sum(shares.values())
        weightiest = sorted(shares, key=lambda key: (-shares[key], key))[: self.parameters.told_reasons]
        return tuple(msgspec.structs.replace(self._causes[key].reason, points=round(heat * shares[key] / total, 1)) for key in weightiest)
