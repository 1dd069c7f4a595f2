// Heat over time as SVG: a sparkline for a board row, a chart with level bands and marks for the call page.
// Attributes only (no inline style), so both work under `default-src 'self'`.

import { h, s, set, text } from "./dom.js";
import { clock, LEVEL_FLOORS, LEVELS } from "./words.js";

const SPARK_POINTS = 60;

/** The points of a line: `x(t_s)`, `y(heat)` map into the drawing; at most `limit` points, each the hottest of its stretch. */
function path(points, x, y, limit) {
  const stretch = Math.max(1, Math.ceil(points.length / limit));
  const parts = [];
  for (let i = 0; i < points.length; i += stretch) {
    let best = points[i];
    for (let j = i + 1; j < Math.min(i + stretch, points.length); j += 1) if (points[j].heat > best.heat) best = points[j];
    parts.push(`${x(best.t_s).toFixed(1)},${y(best.heat).toFixed(1)}`);
  }
  if (points.length) parts.push(`${x(points.at(-1).t_s).toFixed(1)},${y(points.at(-1).heat).toFixed(1)}`);
  return parts.join(" ");
}

/** A sparkline of the last `span_s` seconds; the number and the trend word beside it say the same. */
export function makeSparkline() {
  const line = s("polyline", { class: "spark-line" });
  const node = s("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": true },
    s("path", { class: "spark-floor", d: "M0 12H100" }), line);
  return {
    node,
    draw(points, span_s = 180) {
      const end = points.at(-1)?.t_s ?? 0;
      const from = Math.max(0, end - span_s);
      const seen = points.filter((point) => point.t_s >= from);
      const width = Math.max(30, end - from);
      set(line, { points: path(seen, (t) => (100 * (t - from)) / width, (heat) => 23 - (22 * heat) / 100, SPARK_POINTS) });
    },
  };
}

const MARGIN = { top: 26, right: 62, bottom: 42, left: 30 };
const LEAST_HEIGHT = 270;

/** The call page's chart. `draw(state)`; a pointer over it reads the heat at that moment into `readout`. */
export class HeatChart {
  #box;
  #readout;
  #state = null;
  #width = 0;
  #height = LEAST_HEIGHT;
  #cursor = s("path", { class: "cursor" });

  constructor(box, readout) {
    this.#box = box;
    this.#readout = readout;
    new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      if (Math.abs(width - this.#width) + Math.abs(height - this.#height) < 1) return;
      this.#width = width;
      this.#height = Math.max(LEAST_HEIGHT, height);
      if (this.#state) this.draw(this.#state);
    }).observe(box);
    box.addEventListener("pointermove", (event) => this.#read(event));
    box.addEventListener("pointerleave", () => this.#unread());
  }

  draw(state) {
    this.#state = state;
    if (!this.#width) return;
    const end_s = Math.max(30, state.ended?.duration_s ?? 0, state.t_s);
    this.x = (t_s) => MARGIN.left + ((this.#width - MARGIN.left - MARGIN.right) * t_s) / end_s;
    this.y = (heat) => this.#height - MARGIN.bottom - ((this.#height - MARGIN.top - MARGIN.bottom) * heat) / 100;
    this.end_s = end_s;
    const svg = s(
      "svg",
      { class: "chart", viewBox: `0 0 ${this.#width} ${this.#height}`, width: this.#width, height: this.#height, role: "img", "aria-label": inWords(state) },
      this.#bands(),
      this.#times(),
      this.#line(state.heatPoints),
      this.#cutIns(state),
      this.#cards(state),
      this.#cursor,
    );
    this.#box.replaceChildren(svg);
  }

  #bands() {
    return LEVELS.map((level, i) => {
      const top = this.y(LEVEL_FLOORS[LEVELS[i + 1]] ?? 100);
      const bottom = this.y(LEVEL_FLOORS[level]);
      const right = this.#width - MARGIN.right;
      return s(
        "g",
        { class: "band", "data-level": level },
        s("rect", { x: MARGIN.left, y: top, width: Math.max(0, right - MARGIN.left), height: bottom - top }),
        s("text", { x: right + 8, y: (top + bottom) / 2 + 4 }, level),
        s("text", { class: "axis", x: MARGIN.left - 6, y: bottom + 4, "text-anchor": "end" }, String(LEVEL_FLOORS[level])),
      );
    });
  }

  #times() {
    const room = (this.#width - MARGIN.left - MARGIN.right) / 70;
    const step = [5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].find((seconds) => this.end_s / seconds <= room) ?? 7200;
    const ticks = [];
    for (let t_s = 0; t_s <= this.end_s; t_s += step)
      ticks.push(s("text", { class: "axis", x: this.x(t_s), y: this.#height - 6, "text-anchor": "middle" }, clock(t_s)));
    return ticks;
  }

  #line(points) {
    if (!points.length) return [];
    const line = path(points, this.x, this.y, 800);
    const last = points.at(-1);
    const floor = this.y(0);
    return [
      s("polygon", { class: "heat-area", points: `${this.x(points[0].t_s)},${floor} ${line} ${this.x(last.t_s)},${floor}` }),
      s("polyline", { class: "heat-curve", points: line }),
      s("circle", { class: "heat-now", cx: this.x(last.t_s), cy: this.y(last.heat), r: 4 }),
    ];
  }

  /** The caller's competitive interruptions stand below the axis: a tick, with a foot where it silenced the agent. */
  #cutIns(state) {
    const marks = [];
    const y = this.#height - MARGIN.bottom + 5;
    for (const one of state.cutIns()) {
      const x = this.x(one.start_s);
      const d = one.cut_off ? `M${x} ${y}v11M${x - 3.5} ${y + 11}h7` : `M${x} ${y}v11`;
      marks.push(s("path", { class: "cut-in", d, "data-cut-off": one.cut_off }, s("title", {}, `${clock(one.start_s)}: caller cut in${one.cut_off ? ", agent fell silent" : ""}`)));
    }
    return marks;
  }

  /** Cards stand above the chart, by the number they have in the guidance log. */
  #cards(state) {
    return state.cards.map((card) => {
      const x = this.x(card.t_s);
      return s(
        "g",
        { class: "card-mark", "data-card": card.card },
        s("path", { d: `M${x} ${MARGIN.top - 6}V${this.#height - MARGIN.bottom}` }),
        s("circle", { cx: x, cy: 13, r: 9 }),
        s("text", { x, y: 17, "text-anchor": "middle" }, String(card.number)),
        s("title", {}, `${clock(card.t_s)}: ${card.title}`),
      );
    });
  }

  #read(event) {
    const points = this.#state?.heatPoints ?? [];
    if (!points.length || !this.x) return;
    const left = event.clientX - this.#box.getBoundingClientRect().left;
    const t_s = Math.min(this.end_s, Math.max(0, ((left - MARGIN.left) * this.end_s) / (this.#width - MARGIN.left - MARGIN.right)));
    const at = points.findLast((point) => point.t_s <= t_s);
    if (!at) return;
    set(this.#cursor, { d: `M${this.x(t_s)} ${MARGIN.top}V${this.#height - MARGIN.bottom}` });
    text(this.#readout, `At ${clock(t_s)}: heat ${Math.round(at.heat)}, ${at.level}`);
  }

  #unread() {
    set(this.#cursor, { d: null });
    text(this.#readout, "");
  }
}

function inWords(state) {
  if (!state.peak) return "Heat over time: not measured yet";
  const { peak, heat } = state;
  return `Heat over time: highest ${Math.round(peak.heat)}, ${peak.level}, at ${clock(peak.t_s)}; ${state.ended ? "at the end" : "now"} ${Math.round(heat.heat)}, ${heat.level}`;
}

/** The curve as table rows, at most `limit`, for those who read rather than look. */
export function heatRows(points, limit = 60) {
  const step = Math.max(1, Math.ceil(points.length / limit));
  return points
    .filter((_, i) => i % step === 0 || i === points.length - 1)
    .map((point) => h("tr", {}, h("th", { scope: "row" }, clock(point.t_s)), h("td", {}, String(Math.round(point.heat))), h("td", {}, point.level)));
}
