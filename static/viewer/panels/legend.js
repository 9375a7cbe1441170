/**
 * The colour scales above the panes. Each mode says which bar belongs to it and what stands beside the bars.
 *
 * @import { Scale, State } from "../state/types.js"
 * @import { Legend as ModeLegend } from "../modes/mode.js"
 */
import { MODES } from "../modes/index.js";
import { DEPTH_MAPS } from "../paint/colormaps.js";
import { paintColorBar } from "../paint/painter.js";
import { DIFFERENCE_SCALES, shareOf, stepsOf } from "../paint/scale.js";
import { depthScale, differenceMax } from "../state/selectors.js";
import { find, h, setText } from "./dom.js";

/** What modes call the unit of a scale in metres. */
const METRES = "metres";

const SPREAD_WORDS = Object.freeze({ linear: "linear", log: "logarithmic", inverse: "by inverse depth" });

export class Legend {
  #note;
  #cmap;
  #bars;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.#note = find(".legend-note", HTMLElement, root);
    this.#cmap = find("[data-action=cmap]", HTMLSelectElement, root);
    this.#bars = [...root.querySelectorAll("[data-scale]")].filter((bar) => bar instanceof HTMLElement);
    this.#cmap.replaceChildren(...DEPTH_MAPS.map((map) => h("option", { value: map.name }, map.label)));
  }

  /** @param {State} state */
  update(state) {
    const legends = MODES.flatMap((mode) => mode.legend(state) ?? []);
    for (const bar of this.#bars) {
      const claims = legends.filter((legend) => legend.bar === bar.dataset.scale);
      showBar(bar, claims.findLast((legend) => legend.active) ?? claims[0] ?? null);
    }
    const notes = legends.flatMap((legend) => legend.note ?? []);
    this.#note.hidden = notes.length === 0;
    setText(this.#note, notes.join(" "));
    this.#cmap.value = state.view.cmap;
    showDepthControls(this.root, state);
    showDifferenceControls(this.root, state);
  }
}

/** @param {HTMLElement} root @param {State} state */
function showDepthControls(root, state) {
  const { min, max, spread } = depthScale(state);
  setText(find("[data-action=spread-next]", HTMLElement, root), spread);
  for (const [name, value] of /** @type {const} */ ([
    ["range-min", min],
    ["range-max", max],
  ])) {
    const input = find(`[data-action=${name}]`, HTMLInputElement, root);
    if (document.activeElement !== input) input.value = String(value);
  }
  const reset = find("[data-action=range-reset]", HTMLElement, root);
  reset.style.visibility = state.view.range ? "visible" : "hidden"; // keeps its place, so that nothing jumps
}

/** @param {HTMLElement} root @param {State} state */
function showDifferenceControls(root, state) {
  const press = (/** @type {string} */ action, /** @type {boolean} */ on) =>
    find(`[data-action=${action}]`, HTMLElement, root).setAttribute("aria-pressed", String(on));
  press("absolute", !state.view.signed);
  press("signed", state.view.signed);
  const max = differenceMax(state);
  const select = find("[data-action=diff-max]", HTMLSelectElement, root);
  const offered = [...new Set([...DIFFERENCE_SCALES, max])].sort((a, b) => a - b);
  const signature = offered.join(" ");
  if (select.dataset.offered !== signature) {
    select.dataset.offered = signature;
    select.replaceChildren(...offered.map((value) => h("option", { value }, `${value} m`)));
  }
  select.value = String(max);
}

/** @param {HTMLElement} root @param {ModeLegend|null} legend  null = no mode needs this bar now */
function showBar(root, legend) {
  root.hidden = !legend?.scale;
  if (!legend?.scale) return;
  const { scale, what, unit, active } = legend;
  root.dataset.active = String(active ?? false);
  showUnit(root, unit ?? "");
  const canvas = find("canvas", HTMLCanvasElement, root);
  const signature = JSON.stringify([scale, what, unit]);
  if (canvas.dataset.signature === signature) return;
  canvas.dataset.signature = signature;
  paintColorBar(canvas, scale);
  const spread = SPREAD_WORDS[scale.spread];
  canvas.setAttribute(
    "aria-label",
    `Colours of ${what} from ${scale.min} to ${scale.max} ${unit}, ${spread}`,
  );
  find(".ticks", HTMLElement, root).replaceChildren(...ticksOf(scale));
}

/**
 * A bar in another unit than metres has nothing to set in metres, and names its unit instead.
 * @param {HTMLElement} root @param {string} unit  in words
 */
function showUnit(root, unit) {
  const inMetres = unit === METRES;
  for (const control of root.querySelectorAll("[data-metres]")) control.toggleAttribute("hidden", !inMetres);
  for (const word of root.querySelectorAll("[data-unit]")) {
    word.toggleAttribute("hidden", inMetres);
    setText(word, inMetres ? "" : unit);
  }
}

/** @param {Scale} scale */
function ticksOf(scale) {
  return stepsOf(scale).map((value) => {
    const tick = h("span", {}, String(value).replace("-", "−"));
    tick.style.setProperty("--at", `${100 * shareOf(value, scale)}%`);
    return tick;
  });
}
