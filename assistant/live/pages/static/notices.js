// What a page must say aloud of its own limits: the call's notices, stages that fail, gaps in the stream.
//
// Ids: #notices > li (from call_started), #degraded > li[data-stage], #gap.

import { byId, h, show, text } from "./dom.js";
import { sideWords, stageWords } from "./words.js";

export function renderNotices(state) {
  const notices = state?.started?.notices ?? [];
  byId("notices").replaceChildren(...notices.map((notice) => h("li", {}, notice)));
  show(byId("notices"), notices.length > 0);
}

export const degradedWords = (event) =>
  `${stageWords(event.stage)}${event.track ? ` (${sideWords(event.track).toLowerCase()})` : ""}: ${event.why}`;

export function renderDegraded(state) {
  const faults = [...(state?.degraded.values() ?? [])];
  byId("degraded").replaceChildren(
    ...faults.map((event) =>
      h("li", { "data-stage": event.stage }, h("strong", {}, "Part of the help is missing. "), degradedWords(event)),
    ),
  );
  show(byId("degraded"), faults.length > 0);
}

export function renderGap(words) {
  text(byId("gap"), words);
  show(byId("gap"), words !== "");
}
