// Heat as a gauge: a bar with the level thresholds, for the overlay and the call page.
//
// Ids: #heat[data-level], #heat-number, #heat-level, #heat-trend, #heat-gauge (role meter), #heat-reasons > li.

import { byId, set, show, text } from "./dom.js";
import { reasonItems } from "./transcript.js";
import { trendWords } from "./words.js";

export function renderHeat(state, options) {
  const heat = state.heat;
  const value = heat ? Math.round(heat.heat) : 0;
  // An ended call has no trend any more.
  const trend = heat && !state.ended ? trendWords(heat.trend) : null;
  text(byId("heat-title"), state.ended ? "Heat at the end" : "Heat of the call");
  set(byId("heat"), { "data-level": heat?.level ?? "none" });
  text(byId("heat-number"), heat ? value : "–");
  text(byId("heat-level"), heat ? heat.level : "not measured yet");
  text(byId("heat-trend-arrow"), trend ? trend.arrow : "");
  text(byId("heat-trend"), trend ? trend.word : "");
  set(byId("heat-gauge"), { "aria-valuenow": value, "aria-valuetext": heat ? `${value}, ${heat.level}${trend ? `, ${trend.word}` : ""}` : "not measured yet" });
  set(byId("heat-fill"), { width: heat ? Math.min(100, heat.heat) : 0 });
  const reasons = heat?.reasons ?? [];
  byId("heat-reasons").replaceChildren(...reasonItems(reasons, options));
  show(byId("heat-reasons"), reasons.length > 0);
}

/** Says that heat may be missing something, while a stage that feeds it is not well: missing is not calm. */
export function renderHeatDoubt(state) {
  const feeding = [...state.degraded.values()].some((one) => one.stage !== "live");
  show(byId("heat-doubt"), feeding);
}
