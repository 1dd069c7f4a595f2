// One call for a supervisor. In: the call's event stream while the server holds it, else GET /v1/calls/{id}.
//
// body[data-phase=loading|live|ended|unknown][data-connection=connecting|open|lost|over|record]
// #call-agent, #phase-text, #timer, #connection, #retry, #facts; #chart svg, #chart-readout, #heat-table-rows tr
// #approval, #approval-title, #approval-reasons > li, #approve, #approve-status: a step that waits for a supervisor
// #guidance > li[data-card][data-card-id], heard, heat, transcript, notices: see their modules.
// Interruptions here are the caller's: an agent's own are for the agent's own page.

import { Approval } from "./approval.js";
import { announce, byId, h, set, show, text } from "./dom.js";
import { HeatChart, heatRows } from "./chart.js";
import { forSupervisors, renderHeard } from "./heard.js";
import { renderHeat, renderHeatDoubt } from "./heat.js";
import { renderDegraded, renderGap, renderNotices } from "./notices.js";
import { CallState, eventsOfDocument } from "./state.js";
import { connectionWords, EventStream, gapWords } from "./stream.js";
import { reasonItems, Transcript } from "./transcript.js";
import { cardSort, clearedWords, clock, count, kindWords, stepWords, waitingWords } from "./words.js";

const callId = decodeURIComponent(location.pathname.replace(/\/+$/, "").split("/").at(-1));
const address = `/v1/calls/${encodeURIComponent(callId)}`;
/** With no event in this time after the socket opened, the record is shown instead. */
const PATIENCE_MS = 2500;

let call = new CallState(callId);
let connection = { state: "connecting", attempt: 0 };
let settled = false; // the record has been read, or events have come

const transcript = new Transcript(byId("transcript"), byId("jump"), { agentName: () => call.agent ?? "Agent", scores: true });
const chart = new HeatChart(byId("chart"), byId("chart-readout"));

const stream = new EventStream(`${address}/events`, {
  onBatch: take,
  isOver: () => call.ended !== null,
  onState(next) {
    if (next.state === "lost" && connection.state === "open" && call.isLive) announce("Connection lost. Trying again by itself.", true);
    connection = next;
    renderConnection();
    if (next.state === "lost" && !settled) readRecord();
    if (next.state === "open") setTimeout(() => settled || readRecord(), PATIENCE_MS);
  },
  onGap(gap) {
    if (gap.reloading) begin();
    renderGap(gapWords(gap));
  },
  onRefused: (refusal) => approval.refused(refusal.why),
});
const approval = new Approval(byId("approve"), byId("approve-status"), {
  send: () => stream.send({ type: "press", call_id: callId, action: "approve" }),
  after: byId("transcript-log"),
});

function begin() {
  call = new CallState(callId);
  transcript.clear();
}

function take(events) {
  settled = true;
  for (const event of events) {
    if (event.type === "call_started") begin();
    if (event.call_id === callId) call.apply(event);
  }
  render();
}

/** The stored document of a call that no stream holds any more. */
async function readRecord() {
  settled = true;
  let answer;
  try {
    answer = await fetch(address, { cache: "no-store" });
  } catch {
    settled = false;
    return;
  }
  if (answer.status === 404) {
    stream.close();
    document.body.dataset.phase = "unknown";
    show(byId("unknown"), true);
    show(byId("call"), false);
    show(byId("retry"), false);
    text(byId("connection"), "");
    return;
  }
  const events = answer.ok ? eventsOfDocument(await answer.json(), callId) : [];
  if (!events.length || call.started) return;
  for (const event of events) call.apply(event);
  if (call.ended) {
    stream.close();
    connection = { state: "record" };
  }
  renderConnection();
  render();
}

// Drawing

function render() {
  const { parts, lines } = call.takeChanges();
  if (parts.has("call")) {
    renderHead();
    renderNotices(call);
  }
  if (parts.has("heat") || parts.has("call")) renderHeat(call, { limit: 4 });
  if (parts.has("heard") || parts.has("call")) renderHeard(call, { whose: forSupervisors });
  if (parts.has("ladder") || parts.has("call")) renderApproval();
  if (parts.has("degraded")) {
    renderDegraded(call);
    renderHeatDoubt(call);
  }
  if (parts.has("card") || parts.has("ladder") || parts.has("lock")) renderGuidance();
  if (parts.size) {
    chart.draw(call);
    renderFacts();
  }
  if (parts.has("heat") && byId("heat-table").open) renderTable();
  transcript.render(call, lines);
  tick();
}

function renderHead() {
  const phase = call.ended ? "ended" : "live";
  document.body.dataset.phase = phase;
  text(byId("phase-text"), call.ended ? "Call ended" : "Live call");
  text(byId("call-agent"), call.agent ?? "Unnamed agent");
  document.title = `Calmline: call of ${call.agent ?? "an unnamed agent"}`;
  show(byId("call"), true);
  show(byId("loading"), false);
}

function renderApproval() {
  const { waiting } = call;
  const isNew = waiting !== null && byId("approval").hidden;
  approval.render(waiting);
  show(byId("approval"), waiting !== null);
  if (waiting === null) return;
  text(byId("approval-title"), waitingWords(waiting));
  byId("approval-reasons").replaceChildren(...reasonItems(waiting.reasons, { link: true }));
  if (isNew) announce(`${waitingWords(waiting)}.`);
}

function renderFacts() {
  const cutIns = call.cutIns();
  const cutOffs = cutIns.filter((one) => one.cut_off).length;
  const facts = [
    ["Highest heat", call.peak ? `${Math.round(call.peak.heat)}, ${call.peak.level}, at ${clock(call.peak.t_s)}` : "none yet"],
    ["Caller cut in", cutIns.length ? `${count(cutIns.length, "time")}${cutOffs ? `, ${cutOffs} silenced the agent` : ""}` : "not so far"],
    ["Policy step", call.ladderStep ? `${stepWords(call.ladderStep.step)} (${kindWords(call.ladderStep.kind)})` : "none"],
    connection.state !== "record" && ["Warning", call.warning ? `given at ${clock(call.warning.t_s)}, ${call.warning.how}` : "none given"],
    call.cooled && ["One step lower", `since ${clock(call.cooled.t_s)}: ${call.cooled.reasons[0]?.what ?? "apology"}`],
    ["Cards shown", String(call.cardCount)],
    call.policy && ["Policy", call.policy],
  ];
  byId("facts").replaceChildren(...facts.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  show(byId("lock"), call.lock !== null);
  if (call.lock) byId("lock-reasons").replaceChildren(...reasonItems(call.lock.reasons, { link: true }));
}

function renderGuidance() {
  byId("guidance").replaceChildren(
    ...call.cards.toReversed().map((card) =>
      h(
        "li",
        { "data-card": card.card, "data-card-id": card.card_id, "data-group": cardSort(card).group },
        h("p", { class: "log-head" }, h("span", { class: "log-number" }, String(card.number)), h("time", {}, clock(card.t_s)), h("span", {}, cardSort(card).words), h("span", { class: "log-fate" }, card.cleared === null ? "up now" : clearedWords(card.cleared))),
        h("h3", {}, card.title),
        card.say && h("p", { class: "log-say" }, card.say),
        h("ul", { class: "reasons" }, ...reasonItems(card.reasons, { limit: 6, link: true, rules: true })),
      ),
    ),
  );
  show(byId("guidance-none"), call.cards.length === 0);
}

function renderTable() {
  byId("heat-table-rows").replaceChildren(...heatRows(call.heatPoints));
}

function renderConnection() {
  document.body.dataset.connection = connection.state;
  text(byId("connection"), connection.state === "record" ? "From the record" : connectionWords(connection));
  show(byId("retry"), connection.state === "lost");
  show(byId("stale"), connection.state === "lost" && call.isLive);
}

function tick() {
  text(byId("timer"), call.started || call.t_s ? clock(call.age_s(Date.now())) : "");
  if (connection.state === "lost") renderConnection();
}

byId("retry").addEventListener("click", () => stream.retryNow());
byId("heat-table").addEventListener("toggle", () => byId("heat-table").open && renderTable());
set(byId("call-id"), { title: callId });
text(byId("call-id"), callId);
stream.open();
setInterval(tick, 500);
