"""What the signals of one call add up to: turn-taking facts, heat and advice. Pure.

In: speech activity, judged utterances, the agent's words, presses, and time going on. Out: events, told to the call's log.
"""

from assistant.eventlog import EventLog
from assistant.events import HeatChanged, Interruption, PressAction, Reason, TurnTaking
from assistant.guidance.advisor import Advisor, Judged
from assistant.guidance.policy import Policy
from assistant.heat.model import LEVEL_POINTS, HeatModel, HeatParameters
from assistant.signals.turns import Overlap, TurnParameters, Turns
from assistant.timebase import Track, seconds

TURN_FACTS_EVERY_S = 5.0

PARTIAL_SHARE = 0.8
"""Words that are still being spoken carry this share of their points, until the recogniser says how sure it is."""

SAID = {1: "upset about the matter", 2: "hostile to a person", 3: "abuse of a person"}


class Appraisal:
    """One call's beliefs and advice. `now` is media time in samples."""

    def __init__(
        self,
        log: EventLog,
        tracks: tuple[Track, ...],
        rate_hz: int,
        policy: Policy,
        turns: TurnParameters,
        heat: HeatParameters,
    ) -> None:
        self._log = log
        self._rate = rate_hz
        self._separate = tracks != ("mixed",)
        self._turns = Turns(tracks, rate_hz, turns)
        self._heat = HeatModel(heat)
        self._heat_parameters = heat
        self._advisor = Advisor(policy)
        self._last_level: dict[str, int] = {}
        self._facts_due_s = TURN_FACTS_EVERY_S
        self._heat_due_s = 0.0

    def speech_started(self, track: Track, start: int, voiced: int) -> None:
        """`track` speaks from sample `start`, voiced up to `voiced` so far."""
        if self._separate:
            self._turns.started(track, start, voiced)

    def speech_voiced(self, track: Track, until: int) -> None:
        """Open speech is voiced up to sample `until`."""
        if self._separate:
            self._turns.voiced(track, until)

    def speech_ended(self, track: Track, end: int) -> None:
        """Open speech ended at sample `end`."""
        if self._separate:
            self._interruptions(self._turns.ended(track, end))

    def judged(self, judged: Judged) -> None:
        """Words of a caller or a third party were judged; the same utterance again replaces what it said."""
        level = self._believed_level(judged)
        sure = PARTIAL_SHARE if judged.confidence is None else judged.confidence
        points = LEVEL_POINTS[level] * sure
        p = judged.judgement.p_abuse if level == 3 else max(judged.judgement.p.values())
        reason = judged.reason(f"hostility.level_{level}", SAID.get(level, "ordinary"), p)
        self._heat.cause(judged.utterance_id, judged.end_s, points, reason)
        self._tell_heat()
        heat = self._heat.read(self._log.now_s).heat
        self._log.tell(*self._advisor.judged(self._log.now_s, judged, heat))
        self._settle()

    def _believed_level(self, judged: Judged) -> int:
        """The level of final words; of words still being spoken, what two readings after each other agree on."""
        level = judged.judgement.level or 0
        before = self._last_level.pop(judged.utterance_id, 0)
        if not judged.partial:
            return level
        self._last_level[judged.utterance_id] = level
        return min(level, before)

    def agent_said(self, utterance_id: str, start_s: float, end_s: float, text: str) -> None:
        """Final words of the agent: facts about the call, never a score of the agent."""
        self._log.tell(*self._advisor.agent_said(utterance_id, start_s, end_s, text))

    def taken_back(self, utterance_id: str) -> None:
        """An utterance that was judged while it was spoken turned out to hold no words."""
        self._last_level.pop(utterance_id, None)
        self._heat.forget(utterance_id)

    def pressed(self, action: PressAction, card_id: str | None) -> None:
        """A person pressed something."""
        self._log.tell(*self._advisor.pressed(action, card_id))
        self._settle()

    def time_passed(self, now: int) -> None:
        """A window is over: what became certain, faded or fell due by now."""
        if self._separate:
            self._interruptions(self._turns.settled())
        if self._log.now_s >= self._heat_due_s:
            self._tell_heat()
        if self._separate and self._log.now_s >= self._facts_due_s:
            self._tell_facts(now)
        if self._advisor.busy:
            self._settle()

    def end(self, now: int) -> None:
        """The call is over."""
        self._tell_heat()
        if self._separate:
            self._tell_facts(now)
        self._log.tell(*self._advisor.end())

    def _interruptions(self, overlaps: list[Overlap]) -> None:
        for overlap in overlaps:
            interruption = Interruption(
                interruption_id=f"i{overlap.number}",
                start_s=seconds(overlap.start, self._rate),
                by=overlap.by,
                of=overlap.of,
                kind=overlap.kind,
                cut_off=overlap.cut_off,
                overlap_s=seconds(overlap.overlap, self._rate),
            )
            self._log.tell(interruption)
            self._heat_of(interruption)
            self._advisor.interrupted(self._log.now_s, interruption)

    def _heat_of(self, interruption: Interruption) -> None:
        """Only being talked over heats a call up for the agent; the agent's own interruptions are facts, not heat."""
        if interruption.kind != "competitive" or interruption.by == "agent":
            return
        points = self._heat_parameters.interruption_points
        what = f"talked over the {interruption.of.replace('_', ' ')}"
        if interruption.cut_off:
            points += self._heat_parameters.cut_off_points
            what = f"cut the {interruption.of.replace('_', ' ')} off"
        end_s = round(interruption.start_s + interruption.overlap_s, 3)
        reason = Reason(rule="interruption", what=what, track=interruption.by, start_s=interruption.start_s, end_s=end_s)
        self._heat.cause(interruption.interruption_id, interruption.start_s, points, reason)
        self._tell_heat()

    def _tell_heat(self) -> None:
        self._heat_due_s = self._log.now_s + 1.0
        heat = self._heat.told(self._log.now_s)
        if heat is not None:
            self._log.tell(HeatChanged(heat=heat.heat, level=heat.level, trend=heat.trend, reasons=list(heat.reasons)))

    def _tell_facts(self, now: int) -> None:
        self._facts_due_s = self._log.now_s + TURN_FACTS_EVERY_S
        self._log.tell(TurnTaking(tracks=self._turns.facts(now)))

    def _settle(self) -> None:
        agent_speaks = "agent" in self._turns.speaking
        self._log.tell(*self._advisor.settle(self._log.now_s, agent_speaks))
