// The supervisor's board: every call of this server, hottest first. In: the board's event stream and GET /v1/calls.
//
// body[data-connection][data-announcing=off|on]; #connection, #retry, #gap; #server-warnings > li, #policy-version (of /readyz); #count-live, #count-levels, #count-ended; #empty
// #board tbody tr[data-call-id][data-state=live|ended][data-level]; live rows in #live-rows, ended ones in #ended-rows.
// In a row: a.open (link to /calls/{id}), .time, .heat-number, .heat-level, .heat-trend, .spark, .why > li, .ladder,
//   .cut-ins, .last-card, .flags > li[data-flag] (locked, waiting, voice, line, degraded), .cues, .approve, .approve-status.
// Keys: up and down walk the rows, Home and End go to the first and last, Enter opens.

import { Approval } from "./approval.js";
import { announce, byId, h, set, show, text } from "./dom.js";
import { makeSparkline } from "./chart.js";
import { forSupervisors } from "./heard.js";
import { degradedWords, renderGap } from "./notices.js";
import { reordered } from "./order.js";
import { CallState } from "./state.js";
import { connectionWords, EventStream, gapWords, isNews } from "./stream.js";
import { clock, count, cueWords, isListed, kindWords, LEVELS, STEPS, stepWords, trendWords, waitingWords } from "./words.js";

const ENDED_FOR_MS = 10 * 60_000;
const ROWS = 500;
const HEALTH_EVERY_MS = 5000;

const calls = new Map(); // call_id -> {state, row, endedAt_ms}
let liveOrder = [];
let connection = { state: "connecting", attempt: 0 };
let timesWanted = null;

const stream = new EventStream("/v1/board/events", {
  onBatch: take,
  onState(next) {
    if (next.state === "lost" && connection.state === "open") announce("Connection lost. Trying again by itself.", true);
    connection = next;
    if (next.state === "open") askHealth();
    renderConnection();
  },
  onGap(gap) {
    if (gap.reloading) forget();
    renderGap(gapWords(gap));
  },
  onRefused: (refusal) => calls.get(refusal.call_id)?.row.approval.refused(refusal.why),
});

function forget() {
  for (const { row } of calls.values()) row.node.remove();
  calls.clear();
  liveOrder = [];
  renderRows([]);
}

// Events in

function take(events) {
  const touched = new Set();
  for (const event of events) {
    if (!event.call_id) continue;
    const call = callOf(event);
    const before = call.state.heat?.level;
    call.state.apply(event);
    if (event.type === "call_ended") call.endedAt_ms = Date.now();
    touched.add(call);
    if (isNews()) say(call.state, event, before);
  }
  renderRows(touched);
}

function callOf(event) {
  let call = calls.get(event.call_id);
  if (!call || event.type === "call_started") {
    const row = call?.row ?? makeRow(event.call_id);
    call = { state: new CallState(event.call_id), row, endedAt_ms: null };
    calls.set(event.call_id, call);
    if (calls.size > ROWS) dropOldestEnded();
    askTimes();
  }
  return call;
}

/** Spoken news are few: a call that reaches heated or boiling, one where distress was heard, and one that waits for a supervisor. */
function say(state, event, before) {
  const who = state.agent ?? "a call";
  if (event.type === "termination_locked") announce(`Distress was heard in the call of ${who}.`, true);
  if (event.type === "ladder_moved" && event.approver === "supervisor") announce(`The call of ${who}. ${waitingWords(event)}.`);
  if (event.type !== "heat_changed" || event.level === before) return;
  if (LEVELS.indexOf(event.level) >= 2 && LEVELS.indexOf(event.level) > LEVELS.indexOf(before ?? "calm"))
    announce(`The call of ${who} is ${event.level}: heat ${Math.round(event.heat)}.`);
}

/** The server knows when each call began by the wall clock; the events know only media time. One question for many rows. */
function askTimes() {
  if (timesWanted !== null) return;
  timesWanted = setTimeout(async () => {
    timesWanted = null;
    try {
      const answer = await fetch("/v1/calls", { cache: "no-store" });
      if (!answer.ok) return;
      for (const { call_id, agent, started_at, duration_s, live } of (await answer.json()).calls) {
        const call = calls.get(call_id);
        const begun = Date.parse(started_at);
        if (!call || Number.isNaN(begun)) continue;
        call.state.agent ??= agent;
        call.state.begunAt_ms = Math.min(call.state.begunAt_ms, begun);
        if (!live && call.endedAt_ms !== null) call.endedAt_ms = Math.min(call.endedAt_ms, begun + duration_s * 1000);
      }
      tick();
    } catch {
      // The board stands without it: times then count from the newest event.
    }
  }, 300);
}

function dropOldestEnded() {
  const ended = [...calls.entries()].filter(([, call]) => call.endedAt_ms !== null).sort((a, b) => a[1].endedAt_ms - b[1].endedAt_ms);
  if (ended.length) remove(ended[0][0]);
}

function remove(callId) {
  calls.get(callId)?.row.node.remove();
  calls.delete(callId);
}

// Drawing

function makeRow(callId) {
  const spark = makeSparkline();
  const part = (name, cls, ...children) => h(name, { class: cls }, ...children);
  const cells = {
    agent: h("a", { class: "open", href: `/calls/${encodeURIComponent(callId)}` }),
    time: part("span", "time"),
    number: part("span", "heat-number"),
    level: part("span", "heat-level"),
    arrow: h("span", { "aria-hidden": true }),
    trend: part("span", "heat-trend-word"),
    why: part("ul", "why"),
    cues: part("p", "cues quiet"),
    flags: part("ul", "flags"),
    ladder: part("div", "ladder-step"),
    approve: h("button", { type: "button", class: "approve primary", hidden: true }),
    approveStatus: h("span", { class: "approve-status", role: "status" }),
    cutIns: part("td", "cut-ins"),
    card: part("td", "last-card"),
  };
  const node = h(
    "tr",
    { "data-call-id": callId },
    h("th", { scope: "row", class: "agent" }, cells.agent, cells.time),
    h("td", { class: "heat" }, h("div", { class: "heat-cell" }, cells.number, h("span", { class: "heat-words" }, cells.level, h("span", { class: "heat-trend" }, cells.arrow, " ", cells.trend)))),
    h("td", { class: "curve" }, spark.node),
    h("td", { class: "reasons-cell" }, cells.flags, cells.why, cells.cues),
    h("td", { class: "ladder" }, cells.ladder, cells.approve, cells.approveStatus),
    cells.cutIns,
    cells.card,
  );
  const approval = new Approval(cells.approve, cells.approveStatus, {
    send: () => stream.send({ type: "press", call_id: callId, action: "approve" }),
    after: cells.agent,
  });
  return { node, cells, spark, approval };
}

function renderRow({ state, row }) {
  const { cells, spark, node, approval } = row;
  const { heat } = state;
  const trend = heat ? trendWords(heat.trend) : null;
  const live = !state.ended;
  set(node, { "data-state": live ? "live" : "ended", "data-level": heat?.level ?? "none" });
  text(cells.agent, state.agent ?? "Unnamed agent");
  text(cells.number, heat ? Math.round(heat.heat) : "–");
  text(cells.level, heat ? heat.level : "not measured");
  text(cells.arrow, trend && live ? trend.arrow : "");
  text(cells.trend, !live ? "at the end" : trend ? trend.word : "");
  spark.draw(state.heatPoints);
  cells.why.replaceChildren(...(heat?.reasons ?? []).slice(0, 2).map((reason) => h("li", {}, reason.what, reason.quote ? [" ", h("q", {}, reason.quote)] : null)));
  cells.flags.replaceChildren(...flags(state).map(([kind, words]) => h("li", { "data-flag": kind }, words)));
  show(cells.flags, cells.flags.childElementCount > 0);
  const cues = state.cues.filter((cue) => isListed(cue) && forSupervisors(cue)).slice(-3).reverse();
  text(cells.cues, cues.map((cue) => `${cue.track === "agent" ? "agent " : ""}${cueWords(cue)}`).join(" · "));
  show(cells.cues, cues.length > 0);
  const step = state.ladderStep;
  cells.ladder.replaceChildren(
    ...(step ? [h("span", { class: "step", "data-step": step.step }, `${stepWords(step.step)} (${STEPS.indexOf(step.step) + 1} of ${STEPS.length})`), h("span", { class: "quiet" }, kindWords(step.kind))] : [h("span", { class: "quiet" }, "none")]),
  );
  approval.render(state.waiting);
  set(cells.approve, { "aria-label": state.waiting && `Approve: ${stepWords(state.waiting.step)}, call of ${state.agent ?? "an unnamed agent"}` });
  const cutIns = state.cutIns();
  const cutOffs = cutIns.filter((one) => one.cut_off).length;
  cells.cutIns.replaceChildren(h("span", {}, count(cutIns.length, "time")), cutOffs ? h("span", { class: "quiet" }, count(cutOffs, "cut-off")) : "");
  const card = state.cards.at(-1);
  cells.card.replaceChildren(...(card ? [h("span", {}, card.title), h("span", { class: "quiet" }, `at ${clock(card.t_s)}`)] : [h("span", { class: "quiet" }, "none yet")]));
}

function flags(state) {
  const found = [];
  if (state.lock) found.push(["locked", "Distress heard: ending is locked"]);
  if (state.waiting) found.push(["waiting", waitingWords(state.waiting)]);
  if (!state.ended && state.raised) found.push(["voice", "Raised voice"]);
  if (!state.ended && state.line?.quality === "poor") found.push(["line", "The line is bad"]);
  for (const event of state.degraded.values()) found.push(["degraded", degradedWords(event)]);
  return found;
}

function renderRows(touched) {
  for (const call of touched) renderRow(call);
  const live = [...calls.keys()].filter((id) => calls.get(id).endedAt_ms === null);
  liveOrder = reordered(liveOrder, live, (id) => calls.get(id).state.heat?.heat ?? 0);
  arrange(byId("live-rows"), liveOrder);
  const ended = [...calls.keys()].filter((id) => calls.get(id).endedAt_ms !== null);
  arrange(byId("ended-rows"), ended.sort((a, b) => calls.get(b).endedAt_ms - calls.get(a).endedAt_ms));
  renderCounts(live, ended);
  renderNotices();
  tick();
}

/** Brings the rows of `body` into `order`; the row with the focus stays put and the others move around it. */
function arrange(body, order) {
  const wanted = order.map((id) => calls.get(id).row.node);
  const present = [...body.children];
  if (wanted.length === present.length && wanted.every((node, i) => node === present[i])) return;
  const still = wanted.indexOf(document.activeElement?.closest("tr"));
  if (still >= 0 && wanted[still].parentElement === body) {
    wanted[still].before(...wanted.slice(0, still));
    wanted[still].after(...wanted.slice(still + 1));
  } else body.replaceChildren(...wanted);
}

function renderCounts(live, ended) {
  text(byId("count-live"), count(live.length, "live call"));
  const levels = LEVELS.toReversed()
    .map((level) => [level, live.filter((id) => calls.get(id).state.heat?.level === level).length])
    .filter(([, n]) => n > 0);
  byId("count-levels").replaceChildren(...levels.map(([level, n]) => h("li", { "data-level": level }, `${n} ${level}`)));
  text(byId("count-ended"), ended.length ? `${ended.length} ended in the last 10 minutes` : "");
  show(byId("empty"), calls.size === 0);
  show(byId("board"), calls.size > 0);
  show(byId("no-live"), live.length === 0);
  show(byId("ended-head"), ended.length > 0);
  document.title = live.length ? `Calmline board: ${live.length} live` : "Calmline board";
}

/** What the calls' own screens must say (as the limits of a model), once each. */
function renderNotices() {
  const notices = [...new Set([...calls.values()].filter(({ state }) => !state.ended).flatMap(({ state }) => state.started?.notices ?? []))];
  if (byId("notices").childElementCount === notices.length && notices.every((words, i) => byId("notices").children[i].textContent === words)) return;
  byId("notices").replaceChildren(...notices.map((words) => h("li", {}, words)));
  show(byId("notices"), notices.length > 0);
}

function tick() {
  const now = Date.now();
  for (const [id, { state, row, endedAt_ms }] of calls) {
    if (endedAt_ms === null) text(row.cells.time, clock(state.age_s(now)));
    else if (now - endedAt_ms > ENDED_FOR_MS) remove(id);
    else text(row.cells.time, `ended after ${clock(state.ended.duration_s)}`);
  }
}

/** What the server itself has to say: a policy file that was not taken. Asked for, as it belongs to no call. */
async function askHealth() {
  if (document.hidden || connection.state !== "open") return;
  try {
    const answer = await fetch("/readyz", { cache: "no-store" });
    if (!answer.ok) return;
    const { warnings = [], policy = null } = await answer.json();
    const list = byId("server-warnings");
    if ([...list.children].map((node) => node.textContent).join("\n") !== warnings.join("\n")) list.replaceChildren(...warnings.map((words) => h("li", {}, words)));
    show(list, warnings.length > 0);
    text(byId("policy-version"), policy ?? "");
    show(byId("policy"), policy !== null);
  } catch {
    // The connection's own state is told elsewhere.
  }
}

function renderConnection() {
  document.body.dataset.connection = connection.state;
  text(byId("connection"), connectionWords(connection));
  show(byId("retry"), connection.state === "lost");
  show(byId("stale"), connection.state === "lost" && calls.size > 0);
}

// Hands

byId("retry").addEventListener("click", () => stream.retryNow());
byId("board").addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-call-id]");
  if (row && !event.target.closest("a, button") && !getSelection().toString()) row.querySelector("a.open").click();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const links = [...document.querySelectorAll("#board a.open")];
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  if (at < 0 && event.key !== "ArrowDown") return;
  event.preventDefault();
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  links[Math.max(0, Math.min(links.length - 1, next))].focus();
});

renderRows([]);
stream.open();
setInterval(() => {
  tick();
  if (connection.state === "lost") renderConnection();
}, 1000);
setInterval(askHealth, HEALTH_EVERY_MS);
setInterval(() => renderRows([]), 30_000);
