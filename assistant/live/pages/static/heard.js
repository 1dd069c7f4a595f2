// What was heard besides the words: a bad line, a raised voice, and the last cues; for the overlay and the call page.
//
// Ids: #line, #line-why; #voice, #voice-why; #cues-panel, #cues > li[data-cue][data-track]. None of them speaks up by itself.

import { byId, h, show, text } from "./dom.js";
import { clock, cueWords, isListed, sideWords } from "./words.js";

const SHOWN = 6;

const firstUp = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** `whose(cue)` says which cues this page may list, `agent` what it calls the agent. */
export function renderHeard(state, { whose = () => true, agent = "Agent", limit = SHOWN } = {}) {
  const live = state !== null && !state.ended;
  const bad = live && state.line?.quality === "poor";
  show(byId("line"), bad);
  if (bad) text(byId("line-why"), [...new Set(state.line.reasons.map((reason) => firstUp(reason.what)))].join(". "));
  const raised = live ? state.raised : null;
  show(byId("voice"), raised !== null);
  if (raised) {
    const why = (raised.reasons ?? []).map((reason) => reason.what).join(", ");
    text(byId("voice-why"), `${sideWords(raised.track)}, when last heard${why ? `: ${why}` : ""}`);
  }
  const cues = (state?.cues ?? []).filter((cue) => isListed(cue) && whose(cue)).slice(-limit).reverse();
  byId("cues").replaceChildren(
    ...cues.map((cue) =>
      h(
        "li",
        { "data-cue": cue.cue, "data-track": cue.track },
        h("time", {}, clock(cue.start_s)),
        h("span", {}, h("span", { class: "quiet" }, `${sideWords(cue.track, agent)} `), cueWords(cue)),
      ),
    ),
  );
  show(byId("cues-panel"), cues.length > 0);
}

/** What a supervisor sees of the cues: the caller's, and what was promised to them. An agent's other words are their own. */
export const forSupervisors = (cue) => cue.track !== "agent" || cue.cue === "promise";
