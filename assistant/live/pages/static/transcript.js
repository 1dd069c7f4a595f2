// The live transcript as a list of lines in a box that scrolls with the newest, unless the reader scrolled up,
// and the reasons list that cards and heat share.
//
// Ids: `#transcript > li[data-track][data-utterance][data-state=partial|final][data-level]`, id `line-<utterance>`;
// in it `.who`, `time`, `.tag` (Hostile, Abusive) and `.line-text`; with scores also `.line-scores`.
// Only callers and third parties are ever marked; the agent's lines never are.

import { h, set, show, text } from "./dom.js";
import { clock, count, lineLevelWords, percent, reasonTail, scoreWords, sideWords, targetWords } from "./words.js";

const KEPT = 500;
const NEAR_END_PX = 24;
const TAGS = { 2: "Hostile", 3: "Abusive" };

export class Transcript {
  #list;
  #scroller;
  #jump;
  #agentName;
  #scores;
  #items = new Map(); // utterance_id -> {node, text, tag, scores, start_s}
  #following = true;
  #unseen = 0;

  constructor(list, jump, { agentName, scores = false }) {
    this.#list = list;
    this.#scroller = list.parentElement;
    this.#jump = jump;
    this.#agentName = agentName;
    this.#scores = scores;
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    jump.addEventListener("click", () => {
      this.#toEnd();
      this.#scroller.focus({ preventScroll: true });
    });
    new ResizeObserver(() => this.#following && this.#toEnd()).observe(this.#scroller);
  }

  clear() {
    this.#list.replaceChildren();
    this.#items.clear();
    this.#toEnd();
  }

  /** Draws the lines of `state` whose ids have changed. */
  render(state, ids) {
    if (!ids.size) return;
    for (const id of ids) {
      const line = state.lines.get(id);
      if (line) this.#draw(line);
      else this.#remove(id);
    }
    while (this.#list.childElementCount > KEPT) this.#remove(this.#list.firstElementChild.dataset.utterance);
    if (this.#following) this.#toEnd();
    else this.#offer();
  }

  #draw(line) {
    let item = this.#items.get(line.utterance_id);
    if (!item) {
      item = this.#make(line);
      this.#items.set(line.utterance_id, item);
      this.#place(item);
      if (!this.#following) this.#unseen += 1;
    }
    const judged = line.track === "agent" ? null : line.score;
    const level = judged?.level ?? null;
    set(item.node, { "data-state": line.partial ? "partial" : "final", "data-level": level });
    text(item.text, line.text);
    text(item.tag, TAGS[level] ?? "");
    show(item.tag, level in TAGS);
    set(item.tag, { "data-provisional": Boolean(judged?.partial), title: judged?.partial ? "First impression, still speaking" : null });
    if (item.scores) text(item.scores, judged && !line.partial ? scoreLine(judged) : "");
  }

  #make(line) {
    const words = h("p", { class: "line-text" });
    const tag = h("span", { class: "tag", hidden: true });
    const scores = this.#scores && line.track !== "agent" ? h("p", { class: "line-scores" }) : null;
    const head = h(
      "p",
      { class: "line-head" },
      h("span", { class: "who" }, sideWords(line.track, this.#agentName())),
      h("time", {}, clock(line.start_s)),
      tag,
    );
    const node = h(
      "li",
      { id: `line-${line.utterance_id}`, "data-track": line.track, "data-utterance": line.utterance_id },
      head,
      words,
      scores,
    );
    return { node, text: words, tag, scores, start_s: line.start_s };
  }

  /** Lines stand in the order of their beginnings; a new one nearly always goes last. */
  #place(item) {
    let before = null;
    for (let node = this.#list.lastElementChild; node; node = node.previousElementSibling) {
      if (this.#items.get(node.dataset.utterance).start_s <= item.start_s) break;
      before = node;
    }
    this.#list.insertBefore(item.node, before);
  }

  #remove(id) {
    this.#items.get(id)?.node.remove();
    this.#items.delete(id);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const left = scrollHeight - scrollTop - clientHeight;
    this.#following = left < NEAR_END_PX;
    if (this.#following) this.#unseen = 0;
    this.#offer();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#following = true;
    this.#unseen = 0;
    this.#offer();
  }

  #offer() {
    show(this.#jump, !this.#following);
    text(this.#jump, this.#unseen ? `To the newest (${count(this.#unseen, "new line")})` : "To the newest");
  }
}

/** A caller's scores in words, for supervisors: what it was made of, at whom; the tag says the level. */
function scoreLine(score) {
  if (score.level === null) return `Not scored: ${score.reason ?? "no reason given"}`;
  const strong = Object.entries(score.scores)
    .filter(([, p]) => p >= 0.2)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([label, p]) => `${scoreWords(label)} ${percent(p)}`);
  const target = strong.length ? targetWords(score.target) : null;
  const parts = score.level in TAGS ? strong : [lineLevelWords(score.level), ...strong];
  if (target) parts.push(`aimed at ${target}`);
  if (score.p_abuse >= 0.05) parts.push(`abuse ${percent(score.p_abuse)}`);
  return parts.join(" · ");
}

/** Reasons as list items: what, the words with their time, and points where heat gives them. `link` ties to the lines. */
export function reasonItems(reasons, { limit = 4, link = false, rules = false } = {}) {
  return reasons.slice(0, limit).map((reason) => {
    const tail = reasonTail(reason);
    const when = link && reason.utterance_id && tail ? h("a", { href: `#line-${reason.utterance_id}` }, tail) : tail;
    return h(
      "li",
      { "data-rule": reason.rule },
      h("span", { class: "reason-what" }, reason.what),
      reason.points !== undefined && h("span", { class: "points" }, `${reason.points < 0 ? "−" : "+"}${Math.abs(Math.round(reason.points))}`),
      (reason.quote || tail) &&
        h("span", { class: "reason-source" }, reason.quote && h("q", {}, reason.quote), reason.quote && tail && " ", tail && h("span", { class: "when" }, when)),
      rules && h("code", { class: "rule" }, reason.rule),
    );
  });
}
