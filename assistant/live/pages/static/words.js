// What the pages call things: the product's terms in the reader's words. Pure.

export const LEVELS = ["calm", "tense", "heated", "boiling"];
/** Where each level begins, as the gauge and the chart draw it. */
export const LEVEL_FLOORS = { calm: 0, tense: 25, heated: 50, boiling: 75 };

const KINDS = {
  insult: "insult",
  profanity: "swearing at a person",
  threat: "threat",
  identity_attack: "attack on identity",
  sexual: "sexual remark",
};
export const STEPS = ["note", "warning", "final_warning", "end_call"];
const STEP_WORDS = { note: "note", warning: "warning", final_warning: "final warning", end_call: "end the call" };
const STAGES = {
  voice_activity: "Voice detection",
  recognition: "Speech recognition",
  hostility: "Hostility scoring",
  asks: "Repeated demands",
  audio: "Call audio",
  live: "Live service",
};
const CLEARED = {
  expired: "time was up",
  replaced: "replaced",
  done: "done",
  not_helpful: "not helpful",
  withdrawn: "withdrawn",
  call_ended: "call ended",
};
const SCORES = {
  insult: "insult",
  threat: "threat",
  profanity: "profanity",
  identity_attack: "identity attack",
  sexual: "sexual",
  hostile: "hostile",
  distress: "distress",
};
const LINE_LEVELS = ["ordinary", "upset", "hostile", "abusive"];
const TARGETS = {
  person: "a person",
  situation: "the situation",
  third_person_report: "someone not on the line",
  self: "themselves",
};

const CUES = {
  repair: "did not catch something",
  apology: "said sorry",
  dismissal: "waved the answer away",
  refusal: "said no",
  integrity_challenge: "doubted what was said",
  acceptance: "agreed or thanked",
  request_manager: "asked for a manager",
  request_refund: "asked for a refund",
  request_free: "asked for something free of charge",
  request_rush: "asked for it sooner",
  request_cancel: "asked to cancel",
  request_write_up: "asked for it in writing",
  request_call_back: "asked to be called back",
  review_threat: "threatened to tell others",
  legal_threat: "threatened legal steps",
  warning: "gave the warning",
  promise: "promised",
  self_harm: "spoke of self-harm",
  medical: "spoke of a medical emergency",
  danger: "spoke of danger",
  third_party_joins: "brought somebody onto the line",
  third_party_leaves: "somebody left the line",
  repeated_demand: "asked again",
};
/** Cues that stand in no list: greetings tell nothing, and nobody is told off while they talk. */
const UNLISTED = new Set(["greeting", "goodbye", "inflaming"]);

const plain = (name) => String(name).replaceAll("_", " ");

export const kindWords = (kind) => KINDS[kind] ?? plain(kind);
export const stepWords = (step) => STEP_WORDS[step] ?? plain(step);
export const stageWords = (stage) => STAGES[stage] ?? plain(stage);
export const clearedWords = (why) => CLEARED[why] ?? plain(why);
export const scoreWords = (label) => SCORES[label] ?? plain(label);
export const lineLevelWords = (level) => LINE_LEVELS[level] ?? `level ${level}`;
export const targetWords = (target) => TARGETS[target] ?? null;

export const isListed = (cue) => !UNLISTED.has(cue.cue);

/** A cue in short words: `asked for a manager`, `promised: tomorrow before ten (due Tue 24 Nov, 10:00)`. */
export function cueWords(cue) {
  const about = cue.cue === "promise" ? cue.detail || cue.text : cue.cue === "repeated_demand" ? plain(cue.detail ?? "") : "";
  const due = cue.due ? ` (due ${dueWords(cue.due)})` : "";
  return `${CUES[cue.cue] ?? plain(cue.cue)}${about ? `: ${about}` : ""}${due}`;
}

function dueWords(iso) {
  const due = new Date(iso);
  if (Number.isNaN(due.getTime())) return iso;
  const part = (options) => due.toLocaleString("en-GB", options);
  return `${part({ weekday: "short" })} ${due.getDate()} ${part({ month: "short" })}, ${part({ hour: "2-digit", minute: "2-digit" })}`;
}

/** What waits for a supervisor, as a sentence. */
export const waitingWords = (waiting) => `Waits for a supervisor: ${stepWords(waiting.step)} (${kindWords(waiting.kind)})`;

export function sideWords(track, agent = "Agent") {
  return track === "agent" ? agent : track === "caller" ? "Caller" : track === "third_party" ? "Third party" : plain(track);
}

/** Seconds as 1:05 or 1:02:05. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(Number(seconds) || 0));
  const pad = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

export const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
export const percent = (p) => `${Math.round(p * 100)} %`;

/** The slope (points a minute) as an arrow and a word. */
export function trendWords(trend) {
  if (trend >= 40) return { arrow: "⇈", word: "rising fast" };
  if (trend >= 8) return { arrow: "↗", word: "rising" };
  if (trend <= -40) return { arrow: "⇊", word: "falling fast" };
  if (trend <= -8) return { arrow: "↘", word: "falling" };
  return { arrow: "→", word: "steady" };
}

/** What sort of card this is: its group (for the look) and the same in words. */
export function cardSort(card) {
  const about = card.kind ? ` · ${kindWords(card.kind)}` : "";
  if (card.card.startsWith("ladder.")) {
    const step = card.card.slice("ladder.".length);
    const place = STEPS.indexOf(step) + 1;
    const words = place ? `Policy step ${place} of ${STEPS.length}: ${stepWords(step)}` : `Policy: ${stepWords(step)}`;
    return { group: "ladder", words: words + about };
  }
  if (card.card === "crisis" || card.card === "protect_third_party") return { group: "safety", words: `Safety first${about}` };
  return { group: "advice", words: `Advice${about}` };
}

export const asksForWarning = (card) => card.card === "ladder.warning" || card.card === "ladder.final_warning";

/** How sure the rule was, and when, as the tail of a reason. */
export function reasonTail(reason) {
  const parts = [];
  if (reason.start_s !== undefined) parts.push(`at ${clock(reason.start_s)}`);
  if (reason.p !== undefined) parts.push(`${percent(reason.p)} sure`);
  return parts.join(", ");
}
