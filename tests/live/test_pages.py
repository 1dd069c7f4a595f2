"""The overlay, the board and the call page in a browser, against the real server: through the demo call, and by scripted events.

A scripted call goes through the server's own hub and sockets; only its events are written here.
"""

import asyncio
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="the package playwright is not installed: no browser tests")

from assistant import events as ev
from assistant.config import Config, ServerSettings
from assistant.live import server as live_server
from assistant.live.client import stream_call
from assistant.live.demo import AGENT, demo_audio
from assistant.live.hub import AGENT_LOG
from assistant.live.run import running
from assistant.live.server import Node
from tests.support.browser import browser as start_browser
from tests.support.browser import chromium, faults_of

PAGES = Path(__file__).parents[2] / "assistant" / "live" / "pages"
DEMO_SPEED = 4.0
WAIT_MS = 15_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.server,
    pytest.mark.model,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: no browser tests"),
]


class Served:
    """A server in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._ready: Future[tuple[int, Node]] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self.loop.run_until_complete(self._serve()), daemon=True)
        self._thread.start()
        self.port, self.node = self._ready.result(60)
        self.url = f"http://127.0.0.1:{self.port}"

    async def _serve(self) -> None:
        try:
            async with running(Config(server=ServerSettings(port=0))) as (server, node):
                self._ready.set_result((server.servers[0].sockets[0].getsockname()[1], node))
                await self._stop.wait()
        except Exception as failed:
            self._ready.set_exception(failed)

    def play_demo(self, call_id: str) -> Future[None]:
        """Plays the bundled call through the ingest."""
        playing = stream_call(f"ws://127.0.0.1:{self.port}/v1/ingest", demo_audio(), speed=DEMO_SPEED, agent=AGENT, call_id=call_id)
        return asyncio.run_coroutine_threadsafe(playing, self.loop)  # type: ignore[arg-type]

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        self.loop.close()


class ScriptedCall:
    """A call whose events the test writes; they take the way of all events from the hub on."""

    def __init__(self, served: Served, name: str, notices: tuple[str, ...] = ()) -> None:
        self.call_id, self.agent = f"call-{name}", name
        self._served = served
        self._seq = 0
        self.t_s = 0.0
        served.loop.call_soon_threadsafe(served.node.hub.open_call, self.call_id, self.agent)
        self.tell(
            ev.CallStarted,
            tracks=["agent", "caller"],
            sample_rate_hz=8000,
            engine="vosk",
            model="tiny",
            classifier="minilm",
            policy="1",
            agent=name,
            notices=list(notices),
        )

    def tell(self, event_type: type[Any], at_s: float | None = None, /, **fields: Any) -> None:
        self._seq += 1
        self.t_s = self.t_s + 0.1 if at_s is None else at_s
        event = event_type(seq=self._seq, call_id=self.call_id, t_s=self.t_s, **fields)
        self._served.loop.call_soon_threadsafe(self._served.node.hub.publish, self.call_id, self.agent, [event])

    def say(self, number: int, track: str, text: str, level: int | None = None, *, partial: bool = False) -> None:
        where = {"utterance_id": f"u{number}", "track": track, "start_s": float(number), "end_s": number + 0.8}
        if partial:
            self.tell(ev.WordsPartial, text=text, **where)
        else:
            self.tell(ev.Utterance, text=text, confidence=0.9, **where)
        if level is not None:
            self.tell(
                ev.UtteranceScored,
                utterance_id=f"u{number}",
                track=track,
                partial=partial,
                scores={"insult": 0.9, "hostile": 0.7, "threat": 0.01},
                level=level,
                target="person",
                p_abuse=0.9,
                abuse=level == 3,
                start_s=float(number),
                end_s=number + 0.8,
                text=text,
            )

    def heat(self, heat: float, trend: float = 0.0, at_s: float | None = None) -> None:
        level = "calm" if heat < 25 else "tense" if heat < 50 else "heated" if heat < 75 else "boiling"
        reason = ev.Reason(rule="heat.interruptions", what="cut in twice", points=heat)
        self.tell(ev.HeatChanged, at_s, heat=heat, level=level, trend=trend, reasons=[reason])

    def card(self, number: int, card: str = "reclaim_floor", kind: str | None = None) -> None:
        reason = ev.Reason(rule="turns", what="cut off twice", quote="no you listen", utterance_id="u1", start_s=61.0, p=0.9)
        self.tell(
            ev.CardShown,
            card_id=f"c{number}",
            card=card,
            title=f"Card {number}",
            say="I have the answer.",
            reasons=[reason],
            priority=5,
            ttl_s=20.0,
            policy="1",
            kind=kind,
        )


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.close()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    with start_browser() as running_browser:
        yield running_browser


class Viewer:
    """Opens pages, each in a window of its own, and holds what went wrong in them."""

    def __init__(self, chrome: Any, served: Served, closing: ExitStack) -> None:
        self._chrome, self._served, self._closing = chrome, served, closing
        self.faults: list[list[str]] = []

    def open(self, path: str, width: int = 1280, height: int = 900) -> Any:
        context = self._chrome.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        self._closing.callback(context.close)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        self.faults.append(faults_of(page))
        page.goto(self._served.url + path)
        if path != "/overlay":
            page.wait_for_selector("body[data-connection=open], body[data-phase=unknown]")
        return page

    def overlay(self, agent: str) -> Any:
        return self.open(f"/overlay?agent={agent}", width=340)


@pytest.fixture
def viewer(chrome: Any, served: Served) -> Iterator[Viewer]:
    with ExitStack() as closing:
        viewer = Viewer(chrome, served, closing)
        yield viewer
        # What the browser itself says of sockets that it could not open while offline is no fault of the page.
        assert not [fault for faults in viewer.faults for fault in faults if "ERR_INTERNET_DISCONNECTED" not in fault]


@pytest.fixture
def presses_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scripted call is none of the server's live ones: without this its agent's presses are refused."""
    monkeypatch.setattr(live_server, "press_of_agent", lambda *_: None)


def shows(page: Any, selector: str, words: str) -> None:
    """Waits until the element holds the words."""
    page.wait_for_function("([selector, words]) => document.querySelector(selector)?.textContent.includes(words)", arg=[selector, words])


def row_order(board: Any, *call_ids: str) -> list[str]:
    """The given calls in the order of the board."""
    order = board.eval_on_selector_all("#board tr[data-call-id]", "rows => rows.map((row) => row.dataset.callId)")
    return [call_id for call_id in order if call_id in call_ids]


@pytest.mark.slow
def test_demo_call_appears_on_overlay_board_and_call_page(viewer: Viewer, served: Served) -> None:
    overlay, board = viewer.overlay(AGENT), viewer.open("/board")
    assert overlay.get_attribute("body", "data-phase") == "waiting"
    playing = served.play_demo("demo-in-browser")

    overlay.wait_for_selector("body[data-phase=live]")
    overlay.wait_for_selector("#transcript li[data-track=agent][data-state=final]")
    overlay.wait_for_selector("#transcript li[data-track=caller][data-state=final]")
    board.wait_for_selector("#live-rows tr[data-call-id=demo-in-browser]")
    card = overlay.wait_for_selector("#card [data-card]:visible", timeout=60_000)
    showing = card.get_attribute("data-card-id")
    assert overlay.inner_text("#card-say")
    assert overlay.locator("#card-reasons > li").count() >= 1
    overlay.keyboard.press("n")
    # The card goes only when the server says that it is gone: the press took the whole way round.
    overlay.wait_for_function("(id) => document.querySelector('#card-body').dataset.cardId !== id", arg=showing)
    shows(overlay, "#earlier-cards", "not helpful")

    playing.result(120)
    overlay.wait_for_selector("body[data-phase=ended]")
    assert "Highest heat" in overlay.inner_text("#summary")
    assert overlay.locator("#transcript li[data-track=caller] .tag:visible").count() >= 1
    assert overlay.locator("#transcript li[data-track=agent] .tag:visible").count() == 0
    assert int(overlay.inner_text("#turns tr[data-track=caller] [data-fact=interruptions]")) >= 3
    # The whole ladder, from the audio alone: two insults, a warning that was spoken, and more insults.
    assert overlay.locator("#ladder > li[data-step=end_call]").count() == 1

    board.wait_for_selector("#ended-rows tr[data-call-id=demo-in-browser]")
    board.click("tr[data-call-id=demo-in-browser]")
    board.wait_for_selector("body[data-page=call][data-phase=ended]")
    board.wait_for_selector("#chart .heat-curve")
    assert board.locator("#guidance > li").count() >= 1
    assert board.locator("#transcript .line-scores").count() >= 1


def test_overlay_without_a_name_asks_for_it(viewer: Viewer) -> None:
    page = viewer.open("/overlay")
    page.fill("#name", "Zoë Ng")
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-connection=open][data-phase=waiting]")
    assert page.inner_text("#agent-name") == "Zoë Ng"


def test_card_shows_words_reasons_and_the_press_that_it_asks_for(viewer: Viewer, served: Served) -> None:
    page, call = viewer.overlay("card"), ScriptedCall(served, "card")
    call.card(1)
    page.wait_for_selector('#card [data-card="reclaim_floor"]:visible')
    assert page.inner_text("#card-say") == "I have the answer."
    assert page.inner_text("#card-reasons q") == "no you listen"
    assert page.inner_text("#card-reasons .when") == "at 1:01, 90 % sure"
    assert not page.is_visible("#press-warning-given")
    call.card(2, "ladder.warning", "insult")
    page.wait_for_selector('#card [data-card="ladder.warning"]:visible')
    assert page.inner_text("#card-sort") == "Policy step 2 of 4: warning · insult"
    assert page.is_visible("#press-warning-given")
    call.tell(ev.WarningGiven, how="heard")
    page.wait_for_selector("#press-warning-given", state="hidden")
    assert "heard in your words" in page.inner_text("#warning-given")
    call.tell(ev.CardCleared, card_id="c2", why="done")
    page.wait_for_selector("#card-none:visible")


def test_partial_words_become_the_final_line_and_agents_are_never_marked(viewer: Viewer, served: Served) -> None:
    page, call = viewer.overlay("lines"), ScriptedCall(served, "lines")
    call.say(1, "caller", "you useless", 3, partial=True)
    page.wait_for_selector("#transcript li[data-utterance=u1][data-state=partial] .tag[data-provisional]:visible")
    call.say(1, "caller", "you useless <b>lamp</b>", 1)
    page.wait_for_selector("#transcript li[data-utterance=u1][data-state=final]")
    page.wait_for_selector("#transcript li[data-utterance=u1] .tag", state="hidden")
    assert page.inner_text("#transcript li[data-utterance=u1] .line-text") == "you useless <b>lamp</b>"
    call.say(2, "caller", "you people never understand", 2)
    call.say(3, "caller", "you stupid cow", 3)
    call.say(4, "agent", "you stupid cow", 3)
    shows(page, "#transcript li[data-utterance=u3] .tag", "Abusive")
    assert page.inner_text("#transcript li[data-utterance=u2] .tag") == "Hostile"
    page.wait_for_selector("#transcript li[data-utterance=u4]")
    assert not page.is_visible("#transcript li[data-utterance=u4] .tag")
    assert page.get_attribute("#transcript li[data-utterance=u4]", "data-level") is None


def test_transcript_follows_the_newest_unless_the_reader_scrolled_up(viewer: Viewer, served: Served) -> None:
    page, call = viewer.overlay("scroll"), ScriptedCall(served, "scroll")
    box = "document.querySelector('#transcript-log')"
    left = f"{box}.scrollHeight - {box}.scrollTop - {box}.clientHeight"
    for number in range(1, 521):
        call.say(number, "caller", f"line {number}")
    page.wait_for_selector("#transcript li[data-utterance=u520]")
    assert page.locator("#transcript > li").count() == 500
    assert page.evaluate(left) < 2
    page.evaluate(f"{box}.scrollTop = 100")
    page.wait_for_selector("#jump:visible")
    call.say(521, "caller", "one more")
    shows(page, "#jump", "1 new line")
    page.click("#jump")
    page.wait_for_selector("#jump", state="hidden")
    assert page.evaluate(left) < 2


def test_distress_locks_and_unlocking_asks_first(viewer: Viewer, served: Served, presses_taken: None) -> None:
    page, call = viewer.overlay("lock"), ScriptedCall(served, "lock")
    call.tell(ev.TerminationLocked, reasons=[ev.Reason(rule="distress", what="words of self-harm", quote="I cannot go on")])
    page.wait_for_selector("#lock:visible")
    assert "I cannot go on" in page.inner_text("#lock")
    page.click("#unlock")
    assert page.evaluate("document.activeElement.id") == "unlock-keep"
    page.click("#unlock-confirm")
    assert page.inner_text("#press-status") == "Sending …"
    call.tell(ev.TerminationUnlocked)
    page.wait_for_selector("#lock", state="hidden")
    shows(page, "#press-status", "Unlocked.")


def test_limits_and_faults_are_said_and_heat_is_doubted(viewer: Viewer, served: Served) -> None:
    page, board = viewer.overlay("faults"), viewer.open("/board")
    call = ScriptedCall(served, "faults", ("Knows synthetic voices only.",))
    call.heat(10.0)
    call.tell(ev.StageDegraded, stage="recognition", why="4 s behind", track="caller")
    page.wait_for_selector("#degraded [data-stage=recognition]")
    assert "Speech recognition (caller): 4 s behind" in page.inner_text("#degraded")
    assert page.inner_text("#notices") == "Knows synthetic voices only."
    assert page.is_visible("#heat-doubt")
    board.wait_for_selector("tr[data-call-id=call-faults] [data-flag=degraded]")
    call.tell(ev.StageDegraded, stage="recognition", why="well", recovered=True, track="caller")
    page.wait_for_selector("#degraded", state="hidden")
    assert not page.is_visible("#heat-doubt")


def test_heat_is_said_in_number_word_trend_and_reasons(viewer: Viewer, served: Served) -> None:
    page, call = viewer.overlay("heat"), ScriptedCall(served, "heat")
    call.heat(62.4, trend=20.0)
    shows(page, "#heat-number", "62")
    assert page.inner_text("#heat-level") == "heated"
    assert page.inner_text("#heat-trend") == "rising"
    assert page.get_attribute("#heat-gauge", "aria-valuetext") == "62, heated, rising"
    assert "+62" in page.inner_text("#heat-reasons")


def test_overlay_reads_on_after_a_break_without_gap_or_duplicate(viewer: Viewer, served: Served) -> None:
    page, call = viewer.overlay("break"), ScriptedCall(served, "break")
    call.say(1, "caller", "before")
    page.wait_for_selector("#transcript li[data-utterance=u1]")
    page.context.set_offline(True)
    page.wait_for_selector("body[data-connection=lost]")
    assert page.is_visible("#stale")
    assert page.is_disabled("#press-done")
    call.say(2, "agent", "meanwhile")
    page.context.set_offline(False)
    page.wait_for_selector("body[data-connection=open]")
    page.wait_for_selector("#transcript li[data-utterance=u2]")
    assert page.locator("#transcript > li").count() == 2
    assert not page.is_visible("#gap")
    assert not page.is_visible("#stale")


def test_missed_updates_are_said_and_the_rest_is_read_anew(viewer: Viewer, served: Served) -> None:
    page, call = viewer.overlay("gap"), ScriptedCall(served, "gap")
    call.say(1, "caller", "before")
    page.wait_for_selector("#transcript li[data-utterance=u1]")
    page.context.set_offline(True)
    page.wait_for_selector("body[data-connection=lost]")
    for _ in range(AGENT_LOG + 10):
        call.say(2, "caller", "and on and on", partial=True)
    call.say(3, "agent", "after")
    page.context.set_offline(False)
    page.wait_for_selector("#transcript li[data-utterance=u3]", timeout=60_000)
    assert "missed" in page.inner_text("#gap")
    assert page.get_attribute("body", "data-phase") == "live"


def test_board_has_the_hottest_first_and_rows_do_not_dance(viewer: Viewer, served: Served) -> None:
    board = viewer.open("/board")
    one, two = ScriptedCall(served, "row-one"), ScriptedCall(served, "row-two")
    one.heat(40.0)
    two.heat(30.0)
    shows(board, "tr[data-call-id=call-row-two] .heat-number", "30")
    assert row_order(board, "call-row-one", "call-row-two") == ["call-row-one", "call-row-two"]
    board.focus("tr[data-call-id=call-row-two] a.open")
    two.heat(44.0)
    shows(board, "tr[data-call-id=call-row-two] .heat-number", "44")
    assert row_order(board, "call-row-one", "call-row-two") == ["call-row-one", "call-row-two"]
    two.heat(45.0)
    shows(board, "tr[data-call-id=call-row-two] .heat-number", "45")
    assert row_order(board, "call-row-one", "call-row-two") == ["call-row-two", "call-row-one"]
    assert board.evaluate("document.activeElement.textContent") == "row-two"
    one.tell(ev.CallEnded, duration_s=12.0, why="stopped")
    board.wait_for_selector("#ended-rows tr[data-call-id=call-row-one]")
    board.keyboard.press("Enter")
    board.wait_for_url("**/calls/call-row-two")


@pytest.mark.parametrize(
    ("order", "heats", "expected"),
    [
        (["a", "b"], {"a": 50, "b": 54}, ["a", "b"]),
        (["a", "b"], {"a": 50, "b": 55}, ["b", "a"]),
        (["a", "b", "c"], {"a": 50, "b": 54, "c": 58}, ["c", "a", "b"]),
        (["a"], {"a": 50, "b": 51, "c": 10}, ["b", "a", "c"]),
        (["gone", "a"], {"a": 1}, ["a"]),
    ],
)
def test_order_moves_a_row_only_when_clearly_ahead(viewer: Viewer, order: list[str], heats: dict[str, int], expected: list[str]) -> None:
    page = viewer.open("/board")
    script = "async ([order, heats]) => (await import('/static/order.js')).reordered(order, Object.keys(heats), (id) => heats[id])"
    assert page.evaluate(script, [order, heats]) == expected


def heard(call: ScriptedCall, kind: str, track: str = "caller", **fields: Any) -> None:
    said = {"utterance_id": "u1", "start_s": call.t_s, "end_s": call.t_s + 1, "text": "the very words"}
    call.tell(ev.CueHeard, cue_id=f"q{call.t_s}", cue=kind, track=track, rule="x", p=1.0, confidence=0.9, **said, **fields)


def voice(call: ScriptedCall, *, raised: bool) -> None:
    fields = {"loudness_db": 9.0, "pitch_st": 3.0, "pitch_range_st": 5.0, "tilt_db": 2.0, "pace": 1.2}
    reasons = [ev.Reason(rule="arousal.loudness", what="louder than at the start")] if raised else []
    call.tell(ev.ArousalMeasured, track="caller", arousal=0.8 if raised else 0.2, raised_voice=raised, reasons=reasons, **fields)


def waits(call: ScriptedCall, step: str = "final_warning") -> None:
    reasons = [ev.Reason(rule="ladder.insult", what="insult at a person", quote="you stupid cow", utterance_id="u1")]
    call.tell(ev.LadderMoved, kind="insult", step=step, reasons=reasons, approver="supervisor", policy="1")


def test_a_bad_line_and_a_raised_voice_are_said_in_words_on_every_page(viewer: Viewer, served: Served) -> None:
    call = ScriptedCall(served, "sound")
    page, board, supervisor = viewer.overlay("sound"), viewer.open("/board"), viewer.open("/calls/call-sound")
    page.wait_for_selector("body[data-announcing=on]")
    call.tell(ev.LineQuality, quality="poor", reasons=[ev.Reason(rule="line.repair", what="asked to hear it again", quote="what was that")])
    voice(call, raised=True)
    for one in (page, supervisor):
        one.wait_for_selector("#line:visible")
        shows(one, "#line", "The line is bad. Asked to hear it again")
        assert one.locator("#line svg[aria-hidden=true]").count() == 1
        shows(one, "#voice", "Raised voice. Caller, when last heard: louder than at the start")
    shows(page, "#announce", "The line is bad.")
    row = "tr[data-call-id=call-sound]"
    shows(board, f"{row} [data-flag=line]", "The line is bad")
    shows(board, f"{row} [data-flag=voice]", "Raised voice")
    call.tell(ev.LineQuality, quality="good")
    voice(call, raised=False)
    for one in (page, supervisor):
        one.wait_for_selector("#line", state="hidden")
        one.wait_for_selector("#voice", state="hidden")
    board.wait_for_selector(f"{row} [data-flag]", state="hidden")


def test_cues_are_listed_in_short_words_and_the_board_has_none_of_the_callers(viewer: Viewer, served: Served) -> None:
    call = ScriptedCall(served, "cues")
    page, board, supervisor = viewer.overlay("cues"), viewer.open("/board"), viewer.open("/calls/call-cues")
    heard(call, "request_manager")
    heard(call, "greeting")
    heard(call, "promise", "agent", detail="tomorrow before ten", due="2030-01-02T10:00:00")
    heard(call, "refusal", "agent")
    heard(call, "repeated_demand", detail="refund")
    shows(page, "#cues", "asked again: refund")
    spoken = [words.split(maxsplit=1)[1] for words in page.locator("#cues > li").all_inner_texts()]
    assert [" ".join(words.split()) for words in spoken] == [
        "Caller asked again: refund",
        "You said no",
        "You promised: tomorrow before ten (due Wed 2 Jan, 10:00)",
        "Caller asked for a manager",
    ]
    # An agent's other words are for the agent's own page.
    shows(supervisor, "#cues", "promised: tomorrow before ten")
    assert supervisor.locator("#cues > li").count() == 3
    shows(board, "tr[data-call-id=call-cues] .cues", "asked again · agent promised (due Wed 2 Jan, 10:00) · asked for a manager")
    assert "the very words" not in board.content()


def test_muting_is_said_and_undone_by_key_and_button(viewer: Viewer, served: Served, presses_taken: None) -> None:
    page, call = viewer.overlay("mute"), ScriptedCall(served, "mute")
    page.wait_for_selector("#mute:visible")
    page.keyboard.press("m")
    shows(page, "#press-status", "Sending")
    call.tell(ev.Pressed, action="mute")
    page.wait_for_selector("#muted:visible")
    shows(page, "#card-none-text", "cards are muted")
    shows(page, "#press-status", "Cards are muted.")
    page.click("#mute")
    call.tell(ev.Pressed, action="unmute")
    page.wait_for_selector("#muted", state="hidden")
    shows(page, "#mute-words", "Mute cards")


def test_a_step_that_waits_is_said_to_the_agent_and_ends_with_approval_or_an_apology(viewer: Viewer, served: Served) -> None:
    page, call = viewer.overlay("waits"), ScriptedCall(served, "waits")
    waits(call)
    shows(page, "#ladder-waiting", "Waits for a supervisor: final warning (insult)")
    call.tell(ev.StepApproved, step="final_warning", policy="1")
    page.wait_for_selector("#ladder-waiting", state="hidden")
    waits(call, "end_call")
    page.wait_for_selector("#ladder-waiting:visible")
    call.tell(ev.LadderCooled, step="warning", reasons=[ev.Reason(rule="cue.apology", what="the caller apologised")], policy="1")
    page.wait_for_selector("#ladder-waiting", state="hidden")
    shows(page, "#ladder-cooled", "One step lower since 0:00: the caller apologised")


@pytest.mark.parametrize("where", ["board", "call page"])
def test_a_supervisor_approves_where_the_step_waits(viewer: Viewer, served: Served, where: str) -> None:
    name = f"approve-{where.replace(' ', '-')}"
    call = ScriptedCall(served, name)
    page = viewer.open("/board" if where == "board" else f"/calls/call-{name}")
    button, status = "#approve", "#approve-status"
    if where == "board":
        row = f"tr[data-call-id=call-{name}]"
        button, status = f"{row} .approve", f"{row} .approve-status"
    waits(call)
    page.wait_for_selector(f"{button}:visible")
    assert page.inner_text(button) == "Approve: final warning"
    page.focus(button)
    call.heat(60.0)
    page.keyboard.press("Enter")
    # The scripted call is not one of the server's live ones: it says so, and the button stays.
    shows(page, status, "No such call is live.")
    assert page.evaluate(f"document.activeElement === document.querySelector({button!r})")
    call.tell(ev.StepApproved, step="final_warning", policy="1")
    page.wait_for_selector(button, state="hidden")
    assert page.evaluate("document.activeElement !== document.body")
    if where == "board":
        assert page.url.endswith("/board")


def test_the_policy_that_advises_is_named(viewer: Viewer, served: Served) -> None:
    page, call = viewer.overlay("policy"), ScriptedCall(served, "policy")
    supervisor = viewer.open("/calls/call-policy")
    shows(page, "#policy-version", "1")
    call.tell(ev.PolicyChanged, policy="2030-summer")
    shows(page, "#policy-version", "2030-summer")
    shows(supervisor, "#facts", "2030-summer")


def test_a_bad_policy_file_is_told_on_the_board(viewer: Viewer, served: Served) -> None:
    watch = served.node.policy
    assert watch is not None
    watch.warning = "house.toml:7: evidence.confidence_floor: must be <= 1"
    try:
        board = viewer.open("/board")
        shows(board, "#server-warnings", "evidence.confidence_floor")
        assert board.inner_text("#policy-version") == watch.policy.version
    finally:
        watch.warning = None


@pytest.mark.parametrize("path", ["/overlay?agent=narrow", "/board", "/calls/call-narrow"])
def test_pages_fit_a_width_of_320_pixels(viewer: Viewer, served: Served, path: str) -> None:
    call = ScriptedCall(served, "narrow")
    call.heat(62.0)
    call.tell(ev.LineQuality, quality="poor", reasons=[ev.Reason(rule="line.repair", what="asked to hear it again")])
    voice(call, raised=True)
    heard(call, "promise", "agent", detail="tomorrow before ten", due="2030-01-02T10:00:00")
    waits(call)
    page = viewer.open(path, width=320)
    page.wait_for_selector("#ladder-waiting:visible, .approve:visible, #approve:visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_call_page_draws_heat_with_marks_and_links_reasons_to_lines(viewer: Viewer, served: Served) -> None:
    call = ScriptedCall(served, "chart")
    call.say(1, "caller", "no you listen", 2)
    for number, heat in enumerate((5.0, 30.0, 60.0, 55.0)):
        call.heat(heat, at_s=10.0 * number + 5)
    call.card(1)
    cut = {"kind": "competitive", "overlap_s": 0.8}
    call.tell(ev.Interruption, interruption_id="i1", start_s=20.0, by="caller", of="agent", cut_off=True, **cut)
    call.tell(ev.Interruption, interruption_id="i2", start_s=25.0, by="agent", of="caller", cut_off=False, **cut)
    page = viewer.open("/calls/call-chart")
    page.wait_for_selector("#chart .heat-curve")
    assert page.locator("#chart .card-mark").count() == 1
    # The agent's own interruptions are for the agent's own page.
    assert page.locator("#chart .cut-in").count() == 1
    assert "highest 60, heated" in page.get_attribute("#chart svg", "aria-label")
    assert "insult 90 %" in page.inner_text("#transcript li[data-utterance=u1] .line-scores")
    page.click("#guidance a[href='#line-u1']")
    assert page.evaluate("document.querySelector(':target').dataset.utterance") == "u1"


def test_unknown_call_is_said(viewer: Viewer) -> None:
    page = viewer.open("/calls/nobody")
    page.wait_for_selector("#unknown:visible")
    viewer.faults[-1].clear()  # the browser reports the refused socket and the 404, as it should


def test_pages_hold_no_inline_code_and_no_foreign_address() -> None:
    for path in [*PAGES.glob("*.html"), *PAGES.glob("static/*")]:
        text = path.read_text("utf-8").replace('"http://www.w3.org/2000/svg"', "")
        assert "://" not in text, path
        assert "innerHTML" not in text, path
        if path.suffix == ".html":
            assert not re.search(r"\s(style|on[a-z]+)=", text), path
