/**
 * The filmstrip: the error of every frame of the walk as a bar, the best and the worst in colours of their own, and
 * the favourites as dots. The slider lies over it. However many frames there are, it is painted once for all of them.
 *
 * @import { State } from "../state/types.js"
 */
import { favoriteIndexes } from "../state/favorites.js";
import { frameAt } from "../state/frames.js";
import { errorsOf, scoredMethods, scoresWanted } from "../state/scores.js";
import { walkOf } from "../state/selectors.js";
import { METRICS } from "../state/sorts.js";
import { find, setText } from "./dom.js";
import { colourOf } from "./names.js";
import { columnsOf, extremesOf } from "./strip-columns.js";

/** Height in CSS pixels of the dots below the bars. */
const DOTS = 7;
/** Narrower bars have no gap between them. */
const GAP_FROM = 5;

export class Filmstrip {
  #track = find(".track", HTMLElement);
  #canvas = find(".filmstrip", HTMLCanvasElement);
  #tip = find(".strip-tip", HTMLElement);
  /** In CSS pixels, as the browser tells it: to ask for it would lay the page out in the middle of a change. */
  #size = { width: 0, height: 0 };
  /** @type {State|null} */
  #state = null;
  /** @type {readonly unknown[]} what the errors follow from */
  #source = [];
  /** @type {Float64Array} by number of the frame */
  #errors = new Float64Array();
  /** @type {readonly unknown[]} what was painted */
  #painted = [];

  constructor() {
    new ResizeObserver(([{ contentRect }]) => {
      this.#size = contentRect;
      this.#paint();
    }).observe(this.#track);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#painted = [];
      this.#paint();
    });
    this.#track.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    this.#track.addEventListener("pointerleave", () => (this.#tip.hidden = true));
  }

  /** @param {State} state */
  update(state) {
    this.#state = state;
    const tall = state.view.strip === "on" && scoresWanted(state) !== null && state.scores?.of !== 0;
    this.#track.dataset.strip = tall ? "tall" : "slim";
    const { scores, view, gallery } = state;
    const source = [
      scores,
      JSON.stringify(scoresWanted(state)),
      view.by,
      view.targets.join("*"), // the list is made anew with every change of the view
      gallery?.frames.length,
    ];
    if (!alike(source, this.#source)) [this.#source, this.#errors] = [source, errorsOf(state)];
    this.#paint();
  }

  /** Errors by number of the frame; NaN where none is known. */
  errors() {
    return this.#errors;
  }

  #paint() {
    if (!this.#state) return;
    const { width, height } = this.#size;
    const walk = walkOf(this.#state);
    const favorites = favoriteIndexes(this.#state);
    const tall = this.#track.dataset.strip === "tall";
    const { theme, by } = this.#state.view;
    const now = [width, height, devicePixelRatio, tall, theme, by, this.#errors, walk, favorites.join()];
    if (alike(now, this.#painted) || width === 0) return;
    this.#painted = now;
    const cell = Math.max(4, width / Math.max(1, walk.length));
    this.#track.style.setProperty("--cell", `${cell}px`);
    const [one] = scoredMethods(this.#state);
    Object.assign(this.#canvas.dataset, { family: "", tint: "" }, by && one ? colourOf(one) : {});
    const columns = columnsOf(walk, this.#errors, new Set(favorites), width);
    const extremes = extremesOf(walk, this.#errors);
    draw(this.#canvas, {
      width,
      height,
      columns,
      bars: tall && extremes !== null,
      ends: extremes && {
        best: this.#errors[extremes.best],
        worst: this.#errors[extremes.worst],
      },
    });
  }

  /** Say which frame lies under the pointer. @param {number} x */
  #point(x) {
    const state = this.#state;
    const walk = state ? walkOf(state) : [];
    const width = this.#track.clientWidth;
    const at = Math.max(0, Math.min(walk.length - 1, Math.floor((x / width) * walk.length)));
    const frame = state && frameAt(state.gallery, walk[at]);
    this.#tip.hidden = !frame;
    if (!state || !frame) return;
    const error = this.#errors[walk[at]];
    const { words, digits } = METRICS[state.view.metric];
    setText(this.#tip, `${frame.title}${Number.isNaN(error) ? "" : `   ${words} ${error.toFixed(digits)}`}`);
    const half = this.#tip.offsetWidth / 2;
    this.#tip.style.left = `${Math.max(half, Math.min(width - half, x))}px`;
  }
}

/** @param {readonly unknown[]} a @param {readonly unknown[]} b */
const alike = (a, b) => a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{width: number, height: number, columns: import("./strip-columns.js").Column[], bars: boolean,
 *   ends: {best: number, worst: number}|null}} what
 */
function draw(canvas, { width, height, columns, bars, ends }) {
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(devicePixelRatio, devicePixelRatio);
  // bars.css gives the canvas these colours: a canvas knows no variables.
  const { color, caretColor, columnRuleColor, textDecorationColor } = getComputedStyle(canvas);
  const cell = width / columns.length;
  const gap = cell >= GAP_FROM ? 1 : 0;
  const room = height - DOTS - 2;
  columns.forEach(({ error, favorite }, i) => {
    const left = i * cell;
    if (bars && ends && !Number.isNaN(error)) {
      const tall = Math.max(2, (error / (ends.worst || 1)) * room);
      context.fillStyle = error === ends.worst ? caretColor : error === ends.best ? columnRuleColor : color;
      context.fillRect(left, height - DOTS - tall, Math.max(1, cell - gap), tall);
    }
    if (!favorite) return;
    context.fillStyle = textDecorationColor;
    context.beginPath();
    context.arc(left + cell / 2, height - DOTS / 2, 2.5, 0, 2 * Math.PI);
    context.fill();
  });
}
