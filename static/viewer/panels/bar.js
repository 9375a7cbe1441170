/**
 * One colour bar: the colours from end to end and beyond, what the ends mean, ticks, and marks of what the panes read.
 *
 *     .colorbar > i.beyond.under  .ramp  i.beyond.over
 *     .ramp > canvas[data-colorbar]  .meanings  .ticks  .readings  [role=slider]
 *
 * While an end is dragged the axis of the bar stays as it was, and the colours move on it.
 *
 * @import { Scale } from "../state/types.js"
 * @import { Legend } from "../modes/mode.js"
 *
 * @typedef {object} Mark  What a pane reads, in the unit of the bar.
 * @property {number} value
 * @property {string} family  of the pane's method
 * @property {boolean} pointed  The pointer is over this pane.
 */
import { beyondColors, colorTable } from "../paint/colormaps.js";
import { inkOn } from "../paint/numbers.js";
import { paintColorBar } from "../paint/painter.js";
import { shareOf, stepsOf } from "../paint/scale.js";
import { find, h, setText } from "./dom.js";

/** What modes call the unit of a scale in metres. */
const METRES = "metres";

const SPREAD_WORDS = Object.freeze({ linear: "linear", log: "logarithmic", inverse: "by inverse depth" });

export class Bar {
  /** @type {Legend & {scale: Scale}|null} */
  #legend = null;
  /** @type {Scale|null} the axis while an end is dragged */
  #held = null;
  /** @type {readonly Mark[]} */
  #marks = [];
  #canvas;
  #ramp;
  #signature = "";

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.name = root.dataset.scale ?? "";
    this.#canvas = find("canvas", HTMLCanvasElement, root);
    this.#ramp = find(".ramp", HTMLElement, root);
  }

  /** The scale that the bar's axis shows; null while the bar is hidden. */
  get axis() {
    return this.#held ?? this.#legend?.scale ?? null;
  }

  /** Keep the axis as it is, or let it follow the colours again. @param {boolean} held */
  hold(held) {
    this.#held = held ? this.axis : null;
    this.#update();
  }

  /** @param {Legend|null} legend  null = no mode needs this bar now */
  show(legend) {
    this.root.hidden = !legend?.scale;
    this.#legend = legend?.scale ? { ...legend, scale: legend.scale } : null;
    this.root.dataset.active = String(legend?.active ?? false);
    this.#update();
  }

  /** @param {readonly Mark[]} marks */
  mark(marks) {
    if (marks.length === 0 && this.#marks.length === 0) return;
    this.#marks = marks;
    this.#showMarks();
  }

  #update() {
    const [legend, axis] = [this.#legend, this.axis];
    if (!legend || !axis) return;
    const { scale, what, unit = "", ends, steps } = legend;
    const signature = JSON.stringify([scale, axis, what, unit, ends]);
    if (signature === this.#signature) return;
    this.#signature = signature;
    showUnit(this.root, unit);
    paintColorBar(this.#canvas, scale);
    const spread = SPREAD_WORDS[scale.spread];
    const label = `Colours of ${what} from ${scale.min} to ${scale.max} ${unit}, ${spread}`;
    this.#canvas.setAttribute("aria-label", label);
    showEnds(this.#ramp, scale, axis);
    // Sizes of differences begin at zero, whatever is chosen.
    const begin = find("[data-end=min]", HTMLElement, this.root);
    const fixed = this.name !== "depth" && scale.min === 0;
    begin.hidden ||= fixed;
    find(".beyond", HTMLElement, this.root).style.visibility = fixed ? "hidden" : "visible";
    showColors(this.root, scale, ends ?? ["", ""]);
    find(".ticks", HTMLElement, this.root).replaceChildren(...ticksOf(axis, steps));
    this.#showMarks();
  }

  /** The marks that are there move: what renders next, for whatever reason, does not make them anew. */
  #showMarks() {
    const { axis } = this;
    if (!axis) return;
    const shown = find(".readings", HTMLElement, this.root);
    while (shown.children.length > this.#marks.length) shown.lastElementChild?.remove();
    this.#marks.forEach(({ value, family, pointed }, i) => {
      const mark = shown.children[i] ?? shown.appendChild(h("i"));
      mark.setAttribute("data-family", family);
      mark.setAttribute("data-pointed", String(pointed));
      if (mark instanceof HTMLElement) mark.style.setProperty("--at", percent(value, axis));
    });
  }
}

/** Where a value lies on an axis, for a style; beyond its ends a little beside it. @param {number} value @param {Scale} axis */
const percent = (value, axis) => `${100 * Math.min(1.015, Math.max(-0.015, placeOf(value, axis)))}%`;

/** Where a value lies, also below the begin of a scale that ends there. @param {number} value @param {Scale} axis */
const placeOf = (value, axis) => (value < axis.min ? -1 : shareOf(value, axis));

/** The colours and their two handles. @param {HTMLElement} ramp @param {Scale} scale @param {Scale} axis */
function showEnds(ramp, scale, axis) {
  const [from, to] = [scale.min, scale.max].map((value) => Math.min(1, Math.max(0, placeOf(value, axis))));
  ramp.style.setProperty("--from", `${100 * from}%`);
  ramp.style.setProperty("--to", `${100 * to}%`);
  for (const end of ramp.querySelectorAll("[data-end]")) {
    const value = end.getAttribute("data-end") === "min" ? scale.min : scale.max;
    end.setAttribute("aria-valuenow", String(value));
    end.setAttribute("aria-valuetext", `${value} m`);
  }
}

/** The colours beyond the ends, and words on the bar. @param {HTMLElement} root @param {Scale} scale @param {[string, string]} ends */
function showColors(root, { cmap, min, max }, ends) {
  const { under, over } = beyondColors(cmap);
  const table = colorTable(cmap);
  root.style.setProperty("--under", `rgb(${under.join(" ")})`);
  root.style.setProperty("--over", `rgb(${over.join(" ")})`);
  const behind = [table.subarray(24, 27), table.subarray(744, 747)];
  const inks = behind.map(inkOn);
  [...root.querySelectorAll(".meanings span")].forEach((word, i) => {
    setText(word, ends[i]);
    if (!(word instanceof HTMLElement)) return;
    word.style.color = inks[i];
    word.style.setProperty("--behind", `rgb(${[...behind[i]].join(" ")})`);
  });
  const beyond = [`below ${min}`, `above ${max}`];
  [...root.querySelectorAll(".beyond")].forEach((cap, i) => cap.setAttribute("title", `Colour ${beyond[i]}`));
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

/** Ticks closer than this share of the bar would run into each other. */
const TICK_ROOM = 0.075;

/** @param {Scale} axis @param {readonly number[]} [values] */
function ticksOf(axis, values = stepsOf(axis)) {
  const steps = values.map((value) => ({ value, at: shareOf(value, axis) }));
  const last = steps.at(-1);
  let free = 0;
  return steps.flatMap(({ value, at }, i) => {
    const hidden = at < free || (last && i < steps.length - 1 && last.at - at < TICK_ROOM);
    if (hidden) return [];
    free = at + TICK_ROOM;
    const tick = h("span", {}, String(value).replace("-", "−"));
    tick.style.setProperty("--at", `${100 * at}%`);
    return tick;
  });
}
