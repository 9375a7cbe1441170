/**
 * The colour scales above the panes. Each mode says which bar belongs to it and what stands beside the bars.
 *
 * @import { Scale, State } from "../state/types.js"
 * @import { Mark } from "./bar.js"
 */
import { MODES } from "../modes/index.js";
import { DEPTH_MAPS } from "../paint/colormaps.js";
import { depthScale, differenceMax } from "../state/selectors.js";
import { Bar } from "./bar.js";
import { updateComparison } from "./comparison.js";
import { find, h, setText } from "./dom.js";

export class Legend {
  #note;
  #cmap;
  #mode;
  #bars;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.#note = find(".legend-note", HTMLElement, root);
    this.#mode = find("[data-action=mode]", HTMLSelectElement, root);
    this.#cmap = find("[data-action=cmap]", HTMLSelectElement, root);
    const roots = [...root.querySelectorAll("[data-scale]")].filter((bar) => bar instanceof HTMLElement);
    this.#bars = roots.map((bar) => new Bar(bar));
    this.#cmap.replaceChildren(...DEPTH_MAPS.map((map) => h("option", { value: map.name }, map.label)));
  }

  /** @param {State} state */
  update(state) {
    const found = MODES.map((mode) => ({ mode, legend: mode.legend(state) }));
    const legends = found.flatMap(({ legend }) => legend ?? []);
    const shown = found.findLast(({ legend }) => legend?.active)?.mode;
    setTitle(this.#mode, shown?.help?.text ?? "");
    for (const bar of this.#bars) {
      const claims = legends.filter((legend) => legend.bar === bar.name);
      bar.show(claims.findLast((legend) => legend.active) ?? claims[0] ?? null);
    }
    const notes = legends.flatMap((legend) => legend.note ?? []);
    this.#note.hidden = notes.length === 0;
    setText(this.#note, notes.join(" "));
    this.#cmap.value = state.view.cmap;
    showDepthControls(this.root, state);
    showDifferenceControls(this.root, state);
    updateComparison(this.root, state);
  }

  /** The bar that an element of the page stands in. @param {Element} element */
  barOf(element) {
    return this.#bars.find((bar) => bar.root.contains(element)) ?? null;
  }

  /** What the panes read, by the name of the bar that shows it. @param {readonly (Mark & {bar: string})[]} marks */
  mark(marks) {
    for (const bar of this.#bars) bar.mark(marks.filter((mark) => mark.bar === bar.name));
  }
}

/** How the colours of depth spread. @type {Readonly<Record<Scale["spread"], string>>} */
const SPREAD_WORDS = Object.freeze({
  log: "Logarithmic: the same share of the colours for each doubling of depth",
  linear: "Linear: the same share of the colours for each metre",
  inverse: "By inverse depth, like disparity: most of the colours for what is near",
});

/** @param {HTMLElement} root @param {State} state */
function showDepthControls(root, state) {
  const { min, max, spread } = depthScale(state);
  const next = find("[data-action=spread-next]", HTMLElement, root);
  setText(next, spread);
  setTitle(next, `${SPREAD_WORDS[spread]}. G: the next.`);
  setText(find("[data-action=range-next]", HTMLElement, root), state.view.range ? "own range" : "data set");
  setNumber(root, "range-min", min);
  setNumber(root, "range-max", max);
  const reset = find("[data-action=range-reset]", HTMLElement, root);
  reset.style.visibility = state.view.range ? "visible" : "hidden"; // keeps its place, so that nothing jumps
}

/** @param {HTMLElement} root @param {State} state */
function showDifferenceControls(root, state) {
  const press = (/** @type {string} */ action, /** @type {boolean} */ on) =>
    find(`[data-action=${action}]`, HTMLElement, root).setAttribute("aria-pressed", String(on));
  press("absolute", !state.view.signed);
  press("signed", state.view.signed);
  press("zero", state.view.zero === "light");
  setNumber(root, "diff-max", differenceMax(state));
}

/** @param {HTMLElement} element @param {string} title */
function setTitle(element, title) {
  if (element.title !== title) element.title = title;
}

/** A field that somebody types into is left alone. @param {HTMLElement} root @param {string} action @param {number} value */
function setNumber(root, action, value) {
  const input = find(`[data-action=${action}]`, HTMLInputElement, root);
  if (document.activeElement !== input) input.value = String(value);
}
