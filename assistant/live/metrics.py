"""Figures for `/metrics`, in Prometheus form: counts and times, never words, names or numbers of a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from assistant.events import AnyEvent, CardShown


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls_live = Gauge("calmline_calls_live", "Calls in progress", registry=self.registry)
        self.calls = Counter("calmline_calls", "Calls that ended, by how", ["why"], registry=self.registry)
        self.refused = Counter("calmline_ingest_closed", "Ingest connections closed for cause", ["code"], registry=self.registry)
        self.audio_s = Counter("calmline_audio_seconds", "Seconds of call audio worked on", registry=self.registry)
        self.work_s = Counter("calmline_work_seconds", "Wall seconds spent on them", registry=self.registry)
        self.lag_s = Histogram(
            "calmline_lag_seconds",
            "Time that audio waited to be worked on",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0),
            registry=self.registry,
        )
        self.events = Counter("calmline_events", "Events published", ["type"], registry=self.registry)
        self.cards = Counter("calmline_cards", "Cards shown", ["card"], registry=self.registry)
        self.viewers = Gauge("calmline_viewers", "Open event streams", ["kind"], registry=self.registry)
        self.missed = Counter("calmline_viewer_missed_events", "Events that viewers were too slow to get", registry=self.registry)
        self.policy_warning = Gauge(
            "calmline_policy_warning", "1 while the policy file is not as it should be: /readyz says why", registry=self.registry
        )

    def count(self, events: list[AnyEvent]) -> None:
        """Counts what is published."""
        for event in events:
            self.events.labels(str(event.__struct_config__.tag)).inc()
            if isinstance(event, CardShown):
                self.cards.labels(event.card).inc()
