// Small DOM tools shared by the pages. Data enters the page as text nodes and attributes only, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An HTML element: `h("li", { class: "tag", "data-x": 1 }, "text", child)`; null and false attributes are left out. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function s(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  set(node, attributes);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function set(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) node.removeAttribute(key);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
}

/** Sets the text only when it differs, so that screen readers and the layout see real changes alone. */
export function text(node, value) {
  const wanted = String(value);
  if (node.textContent !== wanted) node.textContent = wanted;
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

const SAID_MS = 5000;

/** Says `words` to a screen reader, once; `urgent` interrupts what it is saying. What was said is cleared away after. */
export function announce(words, urgent = false) {
  const said = h("p", {}, words);
  byId(urgent ? "announce-urgent" : "announce").append(said);
  setTimeout(() => said.remove(), SAID_MS);
}

/** Runs `work` once in the next frame however often it is asked; a hidden page, which has no frames, gets a timer. */
export function framed(work) {
  let pending = false;
  const run = () => {
    if (!pending) return;
    pending = false;
    work();
  };
  document.addEventListener("visibilitychange", run);
  return () => {
    if (pending) return;
    pending = true;
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}
