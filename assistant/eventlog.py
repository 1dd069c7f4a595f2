"""The events of one call in the order in which they became known: stamps each with its number, call and media time."""

import msgspec

from assistant.events import AnyEvent


class EventLog:
    """Whoever makes an event leaves `seq`, `call_id` and `t_s` out; they are stamped here."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._seq = 0
        self._told: list[AnyEvent] = []
        self.now_s = 0.0
        """Media time that the next events carry, in seconds."""

    def tell(self, event: AnyEvent) -> AnyEvent:
        """Adds an event; returns it as it was stamped."""
        self._seq += 1
        stamped: AnyEvent = msgspec.structs.replace(event, seq=self._seq, call_id=self._call_id, t_s=self.now_s)
        self._told.append(stamped)
        return stamped

    def take(self) -> list[AnyEvent]:
        """What was told since the last `take`."""
        taken, self._told = self._told, []
        return taken
