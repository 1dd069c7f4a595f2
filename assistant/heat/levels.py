"""The level of a call by its heat: a table with hysteresis, so that a call on the edge does not flicker."""

from assistant.events import HeatLevel

LEVELS: tuple[HeatLevel, ...] = ("calm", "tense", "heated", "boiling")

RISES_AT = {"tense": 25.0, "heated": 50.0, "boiling": 75.0}
"""At or above this heat a level begins."""

FALLS_BELOW = {"tense": 20.0, "heated": 45.0, "boiling": 70.0}
"""Below this heat a level that was reached ends."""


def next_level(level: HeatLevel, heat: float) -> HeatLevel:
    """The level after `level` at this heat in [0, 100]."""
    index = LEVELS.index(level)
    while index + 1 < len(LEVELS) and heat >= RISES_AT[LEVELS[index + 1]]:
        index += 1
    while index > 0 and heat < FALLS_BELOW[LEVELS[index]]:
        index -= 1
    return LEVELS[index]
