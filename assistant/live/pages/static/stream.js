// One events socket that stays: it resumes after a break, hands messages over in batches, once a frame.
//
// In: the socket's JSON messages. Out: `onBatch([event, ...])`, `onState({...})`, `onGap({dropped, reloading})`, and
// `onRefused({call_id, action, why})` for a press that the server did not take.
// States: `connecting`, `open`, `lost` (with `retryAt` in ms of Date.now, and `why` when the server gave a reason), and
// `over` when the server let go of a stream of which `isOver()` says that nothing more can come.

import { framed } from "./dom.js";

const BACKOFF_S = [0.5, 1, 2, 4, 8, 10];
/** Beyond this many waiting messages the batch is handed over at once: the queue stays bounded. */
const QUEUE_LIMIT = 2000;
/** A socket can die without a word. After this long in silence the server is asked over HTTP whether it is there. */
const SILENCE_MS = 12_000;
const RELOAD_EVERY_MS = 30_000;
/** What is read so soon after connecting is replay, and no news to be announced. */
const REPLAY_MS = 1000;

/** Whether what comes is news: body[data-announcing=off|on]. */
export const isNews = () => document.body.dataset.announcing === "on";

export class EventStream {
  #path;
  #hooks;
  #socket = null;
  #queue = [];
  #after = 0;
  #attempt = 0;
  #retry = null;
  #heardAt = 0;
  #first = true;
  #reloadedAt = -Infinity;
  #schedule = framed(() => this.#flush());

  constructor(path, hooks) {
    this.#path = path;
    this.#hooks = hooks;
    setInterval(() => this.#watch(), 4000);
    window.addEventListener("online", () => this.retryNow());
    window.addEventListener("offline", () => this.#drop("this computer is offline"));
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    clearTimeout(this.#retry);
    this.#retry = null;
    const address = new URL(this.#path, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (this.#after) address.searchParams.set("after", this.#after);
    this.#first = true;
    this.#heardAt = Date.now();
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#hooks.onState({ state: "connecting", attempt: this.#attempt });
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#heardAt = Date.now();
      document.body.dataset.announcing = "off";
      setTimeout(() => (document.body.dataset.announcing = "on"), REPLAY_MS);
      this.#hooks.onState({ state: "open" });
    };
    socket.onmessage = (message) => socket === this.#socket && this.#take(message.data);
    socket.onclose = (closing) => socket === this.#socket && this.#lost(closing.reason);
  }

  /** Tries again without waiting for the backoff. */
  retryNow() {
    if (this.#retry !== null) this.open();
  }

  /** Forgets the place and reads everything that the server still holds. */
  restart() {
    this.#after = 0;
    this.#queue = [];
    this.#release();
    this.open();
  }

  close() {
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#release();
  }

  /** Sends a message; false when there is no connection. */
  send(message) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #release() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #drop(why) {
    if (!this.#socket) return;
    this.#release();
    this.#lost(why);
  }

  #lost(why) {
    this.#socket = null;
    this.#flush();
    if (this.#hooks.isOver?.()) return this.#hooks.onState({ state: "over" });
    const wait_s = BACKOFF_S[Math.min(this.#attempt, BACKOFF_S.length - 1)] * (0.75 + Math.random() / 2);
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.open(), wait_s * 1000);
    this.#hooks.onState({ state: "lost", why, attempt: this.#attempt, retryAt: Date.now() + wait_s * 1000 });
  }

  #take(data) {
    this.#heardAt = Date.now();
    this.#attempt = 0;
    const event = JSON.parse(data);
    if (event.type === "press_refused") return this.#hooks.onRefused?.(event);
    const first = this.#first;
    this.#first = false;
    const resumed = this.#after > 0;
    if (event.type === "resume_gap") return this.#gap(event, first && !resumed);
    this.#after = event.id;
    this.#queue.push(event);
    if (this.#queue.length >= QUEUE_LIMIT) this.#flush();
    else this.#schedule();
  }

  /** Something was dropped. Reading anew mends it, unless this was already the fullest answer or it happens too often. */
  #gap(event, wasFullest) {
    const reloading = !wasFullest && Date.now() - this.#reloadedAt > RELOAD_EVERY_MS;
    if (reloading) this.#reloadedAt = Date.now();
    else this.#flush();
    this.#hooks.onGap({ dropped: event.dropped ?? null, reloading });
    if (reloading) this.restart();
  }

  #flush() {
    if (!this.#queue.length) return;
    const batch = this.#queue;
    this.#queue = [];
    this.#hooks.onBatch(batch);
  }

  async #watch() {
    if (!this.isOpen || Date.now() - this.#heardAt < SILENCE_MS) return;
    const socket = this.#socket;
    this.#heardAt = Date.now();
    try {
      await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    } catch {
      if (socket === this.#socket) this.#drop("the server does not answer");
    }
  }
}

/** The connection's state in words; `retryAt` counts down. */
export function connectionWords(connection) {
  if (connection.state === "open") return "Connected";
  if (connection.state === "over") return "All received";
  if (connection.state === "connecting") return connection.attempt ? "Connecting again" : "Connecting";
  const left_s = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  const why = connection.why ? ` (${connection.why})` : "";
  return `Connection lost${why}. Next try in ${left_s} s`;
}

/** A gap in words, for the page. */
export function gapWords({ dropped, reloading }) {
  const what = dropped ? `${dropped} updates were missed` : "Some updates were missed";
  return reloading ? `${what}; the page has been read anew.` : `${what}. Earlier lines may be incomplete.`;
}
