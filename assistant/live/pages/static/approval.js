// The button with which a supervisor agrees to a step that waits, on the board's rows and on the call page.

import { show, text } from "./dom.js";
import { stepWords } from "./words.js";

const ANSWER_MS = 4000;

export class Approval {
  #button;
  #status;
  #send;
  #after;
  #waiting = null;
  #timer = null;

  /** `send()` sends the press and says whether it could; `after` gets the focus when the focused button goes. */
  constructor(button, status, { send, after }) {
    this.#button = button;
    this.#status = status;
    this.#send = send;
    this.#after = after;
    button.addEventListener("click", () => this.#press());
  }

  /** `waiting` is the ladder_moved that waits, or null. */
  render(waiting) {
    if (waiting?.seq !== this.#waiting?.seq) {
      this.#settle("");
      this.#waiting = waiting;
    }
    if (waiting === null && document.activeElement === this.#button) this.#after.focus();
    show(this.#button, waiting !== null);
    if (waiting) text(this.#button, `Approve: ${stepWords(waiting.step)}`);
  }

  refused(why) {
    if (this.#timer !== null) this.#settle(why);
  }

  #press() {
    if (this.#timer !== null) return;
    if (!this.#send()) return this.#settle("Not connected: nothing was sent.");
    this.#timer = setTimeout(() => this.#settle("No answer came. Please press again."), ANSWER_MS);
    text(this.#status, "Sending …");
  }

  #settle(words) {
    clearTimeout(this.#timer);
    this.#timer = null;
    text(this.#status, words);
  }
}
