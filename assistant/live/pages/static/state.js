// One call as its events tell it. Pure: events in, fields to read, and `takeChanges()` says what to draw again.
//
// Bounded: 500 transcript lines, 2,000 heat points (thinned, never cut), 40 cards, 2,000 interruptions, 40 cues.

import { STEPS } from "./words.js";

const LINES = 500;
const HEAT_POINTS = 2000;
const CARDS = 40;
const INTERRUPTIONS = 2000;
const CUES = 40;

export class CallState {
  constructor(callId) {
    this.callId = callId;
    this.agent = null;
    this.started = null; // call_started
    this.ended = null; // call_ended
    this.t_s = 0;
    this.begunAt_ms = Infinity; // wall time of t = 0, no later than any event allows
    this.heat = null; // the newest heat_changed
    this.peak = null; // the hottest one
    this.heatPoints = []; // {t_s, heat, level}
    this.card = null; // the card that is up
    this.cards = []; // all cards, oldest first: {...card_shown, number, cleared: null | why}
    this.cardCount = 0;
    this.ladder = new Map(); // kind -> newest ladder_moved
    this.ladderStep = null; // newest ladder_moved of all kinds
    this.waiting = null; // the ladder_moved whose card waits for a supervisor
    this.cooled = null; // the newest ladder_cooled, until the ladder moves again
    this.warning = null; // warning_given
    this.lock = null; // termination_locked
    this.degraded = new Map(); // stage (and track) -> stage_degraded
    this.interruptions = new Map(); // interruption_id -> interruption
    this.voices = new Map(); // track -> the newest arousal_measured
    this.line = null; // the newest line_quality
    this.cues = []; // the newest cue_heard, oldest first
    this.muted = false;
    this.policy = null; // the version that advises now
    this.turns = null; // turn_taking.tracks
    this.lines = new Map(); // utterance_id -> {utterance_id, track, start_s, end_s, text, partial, confidence, score}
    this.#parts = new Set();
    this.#lineIds = new Set();
  }

  #parts;
  #lineIds;

  /** What has changed since the last time: parts by name, and the ids of transcript lines. */
  takeChanges() {
    const changes = { parts: this.#parts, lines: this.#lineIds };
    this.#parts = new Set();
    this.#lineIds = new Set();
    return changes;
  }

  get isLive() {
    return this.ended === null;
  }

  /** The call's age in seconds: media time carried on by the wall clock while it lives. */
  age_s(now_ms) {
    if (this.ended) return this.ended.duration_s;
    return this.begunAt_ms === Infinity ? this.t_s : Math.max(this.t_s, (now_ms - this.begunAt_ms) / 1000);
  }

  /** The caller's competitive interruptions. An agent's own are for the agent's own page (`turns`). */
  cutIns() {
    return [...this.interruptions.values()].filter((one) => one.kind === "competitive" && one.by === "caller");
  }

  /** The newest measurement of a voice that was raised when it was last heard, or null. */
  get raised() {
    return [...this.voices.values()].find((voice) => voice.raised_voice) ?? null;
  }

  apply(event, now_ms = Date.now()) {
    if (this.t_s === 0) this.#parts.add("call"); // also where the log no longer reaches back to call_started
    if (typeof event.t_s === "number") {
      this.t_s = Math.max(this.t_s, event.t_s);
      this.begunAt_ms = Math.min(this.begunAt_ms, now_ms - event.t_s * 1000);
    }
    switch (event.type) {
      case "call_started":
        this.started = event;
        this.agent = event.agent;
        this.policy = event.policy ?? null;
        this.#parts.add("call");
        break;
      case "call_ended":
        this.ended = event;
        if (this.card) this.#clear(this.card, "call_ended");
        this.waiting = null;
        this.#parts.add("call").add("ladder");
        break;
      case "words_partial":
        this.#line(event, { partial: true });
        break;
      case "utterance":
        this.#line(event, { partial: false, confidence: event.confidence });
        break;
      case "utterance_scored":
        this.#score(event);
        break;
      case "heat_changed":
        this.#heat(event);
        break;
      case "turn_taking":
        this.turns = event.tracks;
        this.#parts.add("turns");
        break;
      case "interruption":
        this.interruptions.set(event.interruption_id, event);
        if (this.interruptions.size > INTERRUPTIONS) this.interruptions.delete(this.interruptions.keys().next().value);
        this.#parts.add("interruptions");
        break;
      case "card_shown":
        this.#show(event);
        break;
      case "card_cleared": {
        const card = this.cards.find((one) => one.card_id === event.card_id);
        if (card) this.#clear(card, event.why);
        break;
      }
      case "ladder_moved":
        this.ladder.set(event.kind, event);
        this.ladderStep = event;
        this.cooled = null;
        if (event.approver === "supervisor") this.waiting = event;
        this.#parts.add("ladder");
        break;
      case "step_approved":
        this.waiting = null;
        this.#parts.add("ladder");
        break;
      case "ladder_cooled":
        this.waiting = null;
        this.cooled = event;
        this.#stepDown(event.step);
        this.#parts.add("ladder");
        break;
      case "warning_given":
        this.warning = event;
        this.#parts.add("ladder").add("card");
        break;
      case "termination_locked":
        this.lock = event;
        this.waiting = null;
        this.#parts.add("lock").add("ladder");
        break;
      case "termination_unlocked":
        this.lock = null;
        this.#parts.add("lock");
        break;
      case "arousal_measured":
        this.voices.set(event.track, event);
        this.#parts.add("heard");
        break;
      case "line_quality":
        this.line = event;
        this.#parts.add("heard");
        break;
      case "cue_heard":
        this.cues.push(event);
        if (this.cues.length > CUES) this.cues.shift();
        this.#parts.add("heard");
        break;
      case "pressed":
        if (event.action === "mute" || event.action === "unmute") this.muted = event.action === "mute";
        this.#parts.add("card");
        break;
      case "policy_changed":
        this.policy = event.policy;
        this.#parts.add("call");
        break;
      case "stage_degraded":
        this.#degrade(event);
        break;
    }
  }

  /** The ladder stands lower: no kind of abuse stands above `step`; null: none stands at all. */
  #stepDown(step) {
    const lower = (moved) => (STEPS.indexOf(moved.step) > STEPS.indexOf(step) ? { ...moved, step } : moved);
    this.ladder = new Map(step === null ? [] : [...this.ladder].map(([kind, moved]) => [kind, lower(moved)]));
    this.ladderStep = step === null || this.ladderStep === null ? null : lower(this.ladderStep);
  }

  #line(event, more) {
    const { utterance_id, track, start_s, end_s, text } = event;
    const score = this.lines.get(utterance_id)?.score ?? null;
    if (text.trim()) this.lines.set(utterance_id, { utterance_id, track, start_s, end_s, text, score, confidence: null, ...more });
    else this.lines.delete(utterance_id);
    this.#lineIds.add(utterance_id);
    if (this.lines.size > LINES) {
      const oldest = this.lines.keys().next().value;
      this.lines.delete(oldest);
      this.#lineIds.add(oldest);
    }
  }

  #score(event) {
    const line = this.lines.get(event.utterance_id);
    if (!line || event.track === "agent") return;
    line.score = event;
    this.#lineIds.add(event.utterance_id);
  }

  #heat(event) {
    this.heat = event;
    if (!this.peak || event.heat > this.peak.heat) this.peak = event;
    this.heatPoints.push({ t_s: event.t_s, heat: event.heat, level: event.level });
    if (this.heatPoints.length > HEAT_POINTS) this.heatPoints = thinned(this.heatPoints);
    this.#parts.add("heat");
  }

  #show(event) {
    if (this.card && this.card.card_id !== event.card_id) this.#clear(this.card, "replaced");
    this.cardCount += 1;
    this.card = { ...event, number: this.cardCount, cleared: null };
    this.cards.push(this.card);
    if (this.cards.length > CARDS) this.cards.shift();
    this.#parts.add("card");
  }

  #clear(card, why) {
    if (card.cleared === null || why !== "replaced") card.cleared = why;
    if (this.card === card) this.card = null;
    this.#parts.add("card");
  }

  #degrade(event) {
    const key = event.track ? `${event.stage}/${event.track}` : event.stage;
    if (event.recovered) this.degraded.delete(key);
    else this.degraded.set(key, event);
    this.#parts.add("degraded");
  }
}

/** Half the points: of each pair the hotter one, so that peaks stay; the last point always. */
export function thinned(points) {
  const kept = [];
  for (let i = 0; i + 1 < points.length - 1; i += 2) kept.push(points[i].heat >= points[i + 1].heat ? points[i] : points[i + 1]);
  kept.push(points.at(-1));
  return kept;
}

/** A recording's document (the JSON of `calmline score` and `/v1/calls/{id}`) as the events that would have made it. */
export function eventsOfDocument(document, callId) {
  const call = document.call ?? {};
  const base = { call_id: callId };
  const events = [
    { type: "call_started", t_s: 0, tracks: call.tracks ?? [], engine: call.engine ?? "", model: call.model ?? "", agent: call.agent ?? null, policy: call.policy ?? null, notices: call.notices ?? [] },
  ];
  for (const line of document.utterances ?? []) {
    const utterance_id = String(line.id);
    events.push({ type: "utterance", t_s: line.end_s, utterance_id, ...pick(line, "track", "start_s", "end_s", "text", "confidence") });
    if (line.scores)
      events.push({ type: "utterance_scored", t_s: line.end_s, utterance_id, partial: false, p_abuse: 0, abuse: false, reason: null, ...pick(line, "track", "scores", "level", "target", "p_abuse", "abuse", "reason") });
  }
  (document.interruptions ?? []).forEach((one, i) => events.push({ type: "interruption", t_s: one.start_s, interruption_id: `i${i}`, ...one }));
  (document.cues ?? []).forEach((cue, i) => events.push({ type: "cue_heard", cue_id: `q${i}`, ...cue }));
  for (const voice of document.arousal ?? []) events.push({ type: "arousal_measured", ...voice });
  for (const line of document.line ?? []) events.push({ type: "line_quality", ...line });
  for (const point of document.heat ?? []) events.push({ type: "heat_changed", trend: 0, reasons: [], ...point });
  (document.guidance ?? []).forEach((card, i) => events.push({ type: "card_shown", card_id: `g${i}`, say: "", reasons: [], kind: null, ...card }));
  const { ladder_step, termination_locked, degraded, abuse_kinds } = document.summary ?? {};
  for (const fault of degraded ?? []) events.push({ type: "stage_degraded", recovered: false, track: null, ...fault });
  events.sort((a, b) => a.t_s - b.t_s);
  const t_s = call.duration_s ?? 0;
  if (ladder_step) events.push({ type: "ladder_moved", t_s, step: ladder_step, kind: abuse_kinds?.join(", ") ?? "", reasons: [] });
  if (termination_locked) events.push({ type: "termination_locked", t_s, reasons: [] });
  if (call.ended) events.push({ type: "call_ended", t_s, duration_s: t_s, why: call.ended });
  return events.map((event) => ({ ...base, ...event }));
}

function pick(source, ...names) {
  return Object.fromEntries(names.filter((name) => source[name] !== undefined && source[name] !== null).map((name) => [name, source[name]]));
}
