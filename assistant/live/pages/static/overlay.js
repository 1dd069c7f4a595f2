// The agent's overlay. In: the agent's event stream. Out: presses on the same socket.
//
// body[data-phase=name|waiting|live|ended][data-connection=connecting|open|lost][data-announcing=off|on]
// #connection, #timer, #agent-name, #phase-text, #summary; #retry (try the connection now)
// #card [data-card=<card>][data-card-id=<showing>]: #card-sort, #card-title, #card-say, #card-reasons > li,
//   #press-done, #press-not-helpful, #press-warning-given, #press-status; #card-none when no card is up; #earlier-cards > li
// #lock, #unlock, #unlock-dialog, #unlock-confirm, #unlock-keep;  #ladder > li[data-kind][data-step];  #warning-given
// #mute, #muted; #ladder-waiting, #ladder-cooled; #policy-version
// #turns tbody tr[data-track];  #announce (polite), #announce-urgent;  heard, heat, transcript, notices: see their modules.

import { announce, byId, h, set, show, text } from "./dom.js";
import { renderHeard } from "./heard.js";
import { renderHeat, renderHeatDoubt } from "./heat.js";
import { degradedWords, renderDegraded, renderGap, renderNotices } from "./notices.js";
import { CallState } from "./state.js";
import { connectionWords, EventStream, gapWords, isNews } from "./stream.js";
import { reasonItems, Transcript } from "./transcript.js";
import { asksForWarning, cardSort, clearedWords, clock, count, kindWords, percent, sideWords, STEPS, stepWords, trendWords, waitingWords } from "./words.js";

const PRESSES = {
  "press-done": { action: "done", key: "d" },
  "press-not-helpful": { action: "not_helpful", key: "n" },
  "press-warning-given": { action: "warning_given", key: "w" },
};
/** Presses that are about the call, not about the card that is up. */
const OF_CALL = new Set(["unlock", "mute", "unmute"]);
const ANSWERS = {
  done: "Noted: done.",
  not_helpful: "Noted: not helpful.",
  warning_given: "Noted: warning given.",
  unlock: "Unlocked.",
  mute: "Cards are muted.",
  unmute: "Cards come again.",
};
const ANSWER_MS = 4000;
/** A raised voice is said aloud no oftener than so. */
const VOICE_EVERY_S = 30;
const SHORTCUTS_KEY = "calmline.shortcuts";

const agent = (new URLSearchParams(location.search).get("agent") ?? "").trim();
let call = null;
let connection = { state: "connecting", attempt: 0 };
let pressed = null; // {action, timer}: a press that the server has not answered yet
let voiceSaid_s = -Infinity;

const transcript = new Transcript(byId("transcript"), byId("jump"), { agentName: () => "You" });

function begin() {
  text(byId("agent-name"), agent);
  document.title = `Calmline: ${agent}`;
  const stream = new EventStream(`/v1/agents/${encodeURIComponent(agent)}/events`, {
    onBatch: take,
    onState(next) {
      const was = connection.state;
      connection = next;
      if (next.state === "lost" && was === "open") announce("Connection lost. Trying again by itself.", true);
      if (next.state === "open" && next.state !== was && call) announce("Connected again.");
      renderConnection();
    },
    onGap(gap) {
      if (gap.reloading) forget();
      renderGap(gapWords(gap));
    },
    onRefused(refusal) {
      if (pressed) endPress(refusal.why);
    },
  });
  stream.open();
  setInterval(tick, 500);
  listenForPresses(stream);
  renderPhase();
}

function forget() {
  call = null;
  transcript.clear();
  renderAll();
}

// Events in

function take(events) {
  for (const event of events) {
    if (event.type === "call_started" || call === null) startCall(event.call_id);
    if (event.call_id !== call.callId) continue;
    const before = call.heat?.level;
    call.apply(event);
    settlePress(event);
    if (isNews()) say(event, before);
  }
  renderChanges();
}

function startCall(callId) {
  if (call && call.callId !== callId) renderGap("");
  call = new CallState(callId);
  voiceSaid_s = -Infinity;
  transcript.clear();
  renderAll();
}

/** What a screen reader hears as it happens: cards, level changes, locks, faults, the line, a raised voice. Never the transcript. */
function say(event, levelBefore) {
  switch (event.type) {
    case "call_started":
      return announce("A call has started.");
    case "call_ended":
      return announce(`The call has ended. ${summary()}`);
    case "card_shown":
      return announce(`${cardSort(event).words}. ${event.title}. ${event.say}`, cardSort(event).group === "safety");
    case "heat_changed":
      if (levelBefore && event.level !== levelBefore)
        announce(`Heat ${Math.round(event.heat)}, ${event.level}, ${trendWords(event.trend).word}.`);
      return undefined;
    case "termination_locked":
      return announce("Distress was heard. Advice to end the call is locked.", true);
    case "termination_unlocked":
      return announce("Advice to end the call is unlocked.");
    case "ladder_moved":
      return event.approver === "supervisor" ? announce(`${waitingWords(event)}.`) : undefined;
    case "step_approved":
      return announce("A supervisor approved the step.");
    case "ladder_cooled":
      return announce(cooledWords(event));
    case "line_quality":
      return announce(event.quality === "poor" ? "The line is bad." : "The line is good again.");
    case "arousal_measured":
      if (!event.raised_voice || event.t_s < voiceSaid_s + VOICE_EVERY_S) return undefined;
      voiceSaid_s = event.t_s;
      return announce(`Raised voice: ${sideWords(event.track).toLowerCase()}.`);
    case "stage_degraded":
      return announce(event.recovered ? `${degradedWords(event)}: well again.` : `Part of the help is missing. ${degradedWords(event)}`);
    default:
      return undefined;
  }
}

// Drawing

function renderAll() {
  renderPhase();
  renderNotices(call);
  renderDegraded(call);
  renderCard();
  renderLock();
  renderLadder();
  renderTurns();
  renderHeard(call, { agent: "You", limit: 4 });
  renderHeat(call ?? { heat: null }, { limit: 4 });
  renderHeatDoubt(call ?? { degraded: new Map() });
}

function renderChanges() {
  if (!call) return;
  const { parts, lines } = call.takeChanges();
  if (parts.has("call")) {
    renderPhase();
    renderNotices(call);
  }
  if (parts.has("card") || parts.has("call")) renderCard();
  if (parts.has("heat") || parts.has("call")) renderHeat(call, { limit: 4 });
  if (parts.has("heard") || parts.has("call")) renderHeard(call, { agent: "You", limit: 4 });
  if (parts.has("turns")) renderTurns();
  if (parts.has("ladder")) renderLadder();
  if (parts.has("lock")) renderLock();
  if (parts.has("degraded")) {
    renderDegraded(call);
    renderHeatDoubt(call);
  }
  transcript.render(call, lines);
  tick();
}

function tick() {
  text(byId("timer"), call ? clock(call.age_s(Date.now())) : "");
  if (connection.state === "lost") text(byId("connection"), connectionWords(connection));
}

function renderConnection() {
  document.body.dataset.connection = connection.state;
  text(byId("connection"), connectionWords(connection));
  show(byId("retry"), connection.state === "lost");
  show(byId("stale"), connection.state === "lost" && call?.isLive === true);
  for (const id of [...Object.keys(PRESSES), "mute", "unlock", "unlock-confirm"]) byId(id).disabled = connection.state !== "open";
}

function renderPhase() {
  const phase = !call ? "waiting" : call.ended ? "ended" : "live";
  document.body.dataset.phase = phase;
  text(byId("phase-text"), phase === "waiting" ? "Waiting for a call" : phase === "ended" ? "Call ended" : "Live call");
  show(byId("waiting"), phase === "waiting");
  show(byId("call"), phase !== "waiting");
  show(byId("summary"), phase === "ended");
  if (phase === "ended") text(byId("summary"), summary());
  show(byId("stale"), connection.state === "lost" && phase === "live");
  show(byId("policy"), Boolean(call?.policy));
  text(byId("policy-version"), call?.policy ?? "");
}

function summary() {
  const parts = [
    `It lasted ${clock(call.ended.duration_s)}.`,
    call.peak && `Highest heat ${Math.round(call.peak.heat)} (${call.peak.level}) at ${clock(call.peak.t_s)}.`,
    call.interruptions.size > 0 && `The caller cut in ${count(call.cutIns().length, "time")}.`,
    call.ladderStep && `Policy step reached: ${stepWords(call.ladderStep.step)}.`,
    `${count(call.cardCount, "card")} shown.`,
  ];
  return parts.filter(Boolean).join(" ");
}

function renderCard() {
  const card = call?.card ?? null;
  const article = byId("card-body");
  show(article, card !== null);
  show(byId("card-none"), card === null);
  const muted = call?.muted === true && !call.ended;
  text(byId("card-none-text"), call?.ended ? "The call is over. Take a breath." : muted ? "No advice: cards are muted." : "No advice just now. It comes here when it helps.");
  show(byId("muted"), muted);
  show(byId("mute"), call !== null && !call.ended);
  text(byId("mute-words"), muted ? "Unmute cards" : "Mute cards");
  set(article, { "data-card": card?.card, "data-card-id": card?.card_id, "data-group": card && cardSort(card).group });
  if (card) {
    text(byId("card-sort"), cardSort(card).words);
    text(byId("card-title"), card.title);
    text(byId("card-say"), card.say);
    show(byId("card-say"), card.say !== "");
    byId("card-reasons").replaceChildren(...reasonItems(card.reasons, { limit: 3 }));
    show(byId("card-why"), card.reasons.length > 0);
    show(byId("press-warning-given"), asksForWarning(card) && !warningIsFor(card));
  }
  const earlier = (call?.cards ?? []).filter((one) => one.cleared !== null).slice(-12).reverse();
  byId("earlier-cards").replaceChildren(
    ...earlier.map((one) =>
      h("li", { "data-card": one.card }, h("time", {}, clock(one.t_s)), ` ${one.title} `, h("span", { class: "quiet" }, `(${clearedWords(one.cleared)})`)),
    ),
  );
  text(byId("earlier-count"), `Earlier cards (${earlier.length})`);
  show(byId("earlier"), earlier.length > 0);
}

const warningIsFor = (card) => call.warning !== null && call.warning.t_s >= card.t_s;

function renderLock() {
  const lock = call?.lock ?? null;
  show(byId("lock"), lock !== null);
  if (lock) byId("lock-reasons").replaceChildren(...reasonItems(lock.reasons, { limit: 2 }));
  else if (byId("unlock-dialog").open) byId("unlock-dialog").close();
}

function renderLadder() {
  const moved = [...(call?.ladder.values() ?? [])];
  byId("ladder").replaceChildren(
    ...moved.map((event) =>
      h(
        "li",
        { "data-kind": event.kind, "data-step": event.step },
        h("span", { class: "ladder-kind" }, kindWords(event.kind)),
        h("span", { class: "pips", "aria-hidden": true }, ...STEPS.map((_, i) => h("i", { "data-on": i <= STEPS.indexOf(event.step) }))),
        h("span", {}, `${stepWords(event.step)} (${STEPS.indexOf(event.step) + 1} of ${STEPS.length})`),
      ),
    ),
  );
  show(byId("ladder-panel"), moved.length > 0);
  const { waiting = null, cooled = null } = call ?? {};
  show(byId("ladder-waiting"), waiting !== null);
  if (waiting) text(byId("ladder-waiting"), `${waitingWords(waiting)}. Its card comes once it is approved.`);
  show(byId("ladder-cooled"), cooled !== null);
  if (cooled) text(byId("ladder-cooled"), cooledWords(cooled));
  const warning = call?.warning ?? null;
  show(byId("warning-given"), warning !== null);
  if (warning) text(byId("warning-given"), `Warning given at ${clock(warning.t_s)}, ${warning.how === "heard" ? "heard in your words" : "by your press"}.`);
}

const cooledWords = (event) => `One step lower since ${clock(event.t_s)}: ${event.reasons[0]?.what ?? "the caller apologised"}.`;

function renderTurns() {
  const turns = call?.turns ?? null;
  show(byId("turns-panel"), turns !== null);
  if (!turns) return;
  const tracks = Object.keys(turns).sort((a, b) => (a === "agent") - (b === "agent"));
  byId("turns-rows").replaceChildren(
    ...tracks.map((track) => {
      const one = turns[track];
      return h(
        "tr",
        { "data-track": track },
        h("th", { scope: "row" }, sideWords(track, "You")),
        h("td", { "data-fact": "interruptions" }, String(one.interruptions)),
        h("td", { "data-fact": "cut-offs" }, String(one.cut_offs)),
        h("td", { "data-fact": "rate" }, one.interruptions_per_min.toFixed(1)),
        h("td", { "data-fact": "share" }, percent(one.talk_share)),
      );
    }),
  );
}

// Presses out

function listenForPresses(stream) {
  for (const [id, { action }] of Object.entries(PRESSES)) byId(id).addEventListener("click", () => press(stream, action));
  byId("mute").addEventListener("click", () => press(stream, call?.muted ? "unmute" : "mute"));
  byId("retry").addEventListener("click", () => stream.retryNow());
  const dialog = byId("unlock-dialog");
  byId("unlock").addEventListener("click", () => dialog.showModal());
  byId("unlock-keep").addEventListener("click", () => dialog.close());
  byId("unlock-confirm").addEventListener("click", () => {
    dialog.close();
    press(stream, "unlock");
  });
  const shortcuts = byId("shortcuts");
  shortcuts.checked = localStorage.getItem(SHORTCUTS_KEY) !== "off";
  const mirror = () => (document.body.dataset.shortcuts = shortcuts.checked ? "on" : "off");
  shortcuts.addEventListener("change", () => {
    localStorage.setItem(SHORTCUTS_KEY, shortcuts.checked ? "on" : "off");
    mirror();
  });
  mirror();
  document.addEventListener("keydown", (event) => {
    if (!shortcuts.checked || event.repeat || event.ctrlKey || event.altKey || event.metaKey || dialog.open) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    if (event.key.toLowerCase() === "m" && call?.isLive) return byId("mute").click();
    const found = Object.keys(PRESSES).find((id) => PRESSES[id].key === event.key.toLowerCase());
    if (!found || byId(found).hidden || byId("card-body").hidden) return;
    event.preventDefault();
    byId(found).click();
  });
}

function press(stream, action) {
  const cardId = OF_CALL.has(action) ? null : (call?.card?.card_id ?? null);
  if (!call || pressed || (cardId === null && !OF_CALL.has(action))) return;
  if (!stream.send({ type: "press", call_id: call.callId, card_id: cardId, action })) return status("Not connected: nothing was sent.");
  status("Sending …");
  pressed = { action, cardId, timer: setTimeout(() => endPress("No answer came. Please press again."), ANSWER_MS) };
}

function settlePress(event) {
  if (!pressed) return;
  const cleared = event.type === "card_cleared" && event.card_id === pressed.cardId;
  if (cleared && event.why !== pressed.action) return endPress("The card had already gone.");
  const answered =
    cleared ||
    (event.type === "warning_given" && pressed.action === "warning_given") ||
    (event.type === "termination_unlocked" && pressed.action === "unlock") ||
    (event.type === "pressed" && event.action === pressed.action && (event.action === "mute" || event.action === "unmute"));
  if (answered) endPress(ANSWERS[pressed.action]);
}

function endPress(words) {
  clearTimeout(pressed.timer);
  pressed = null;
  status(words);
}

let statusTimer = null;
function status(words) {
  text(byId("press-status"), words);
  clearTimeout(statusTimer);
  statusTimer = setTimeout(() => text(byId("press-status"), ""), 6000);
}

if (agent) begin();
else {
  document.body.dataset.phase = "name";
  show(byId("waiting"), false);
  show(byId("name-form"), true);
  show(byId("bar-status"), false);
  byId("name-form").addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(`/overlay?agent=${encodeURIComponent(byId("name").value.trim())}`);
  });
  byId("name").focus();
}
