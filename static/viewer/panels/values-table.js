/**
 * The values of all methods at one pixel. The rows stay where they are and only their words change, so that it can
 * follow the pointer.
 *
 * @import { DepthPicture, Method, State } from "../state/types.js"
 * @import { Row } from "../modes/values.js"
 * @import { Size, Spot } from "../state/window.js"
 * @import { Scene } from "./probe.js"
 */
import { rowsOf } from "../modes/values.js";
import { depthAt } from "../paint/depth.js";
import { headAndTail, shortened } from "../state/labels.js";
import { isSameMethod, measuredAgainst, truthOf, visibleMethods } from "../state/selectors.js";
import { pixelUnder } from "../state/window.js";
import { depthOf, isLoading } from "./content.js";
import { h, setText } from "./dom.js";
import { colourOf } from "./names.js";

const NO_TRUTH = "No ground truth: keep a reference with Shift and a number to see errors.";
const HEADS = ["Method", "Depth", "Error", "Relative", "δ < 1.25"];

export class ValuesTable {
  #body = h("tbody");
  #about = h("p", { class: "dim" });
  parts = [
    this.#about,
    h(
      "table",
      { class: "probe-table values", "aria-live": "off" },
      h("thead", {}, h("tr", {}, ...HEADS.map((head) => h("th", { scope: "col" }, head)))),
      this.#body,
    ),
  ];
  /** @type {{row: HTMLTableRowElement, name: HTMLElement[], cells: HTMLElement[]}[]} */
  #rows = [];

  /** @param {State} state @param {Scene} scene */
  show(state, { at, photo, peek }) {
    const against = measuredAgainst(state);
    const find = (/** @type {Method} */ method) => {
      const picture = depthOf(state, method, peek);
      const depth = picture ? depthUnder(picture, at, photo) : isLoading(state, method, peek) ? null : NaN;
      return { method, depth };
    };
    const isTruth = isSameMethod(against, truthOf(state));
    const what = isTruth ? "ground truth" : "reference";
    const of = isTruth ? what : `${what}, ${against?.label}`;
    setText(this.#about, against ? `Error to the ${of}, the least first.` : NO_TRUTH);
    const rows = rowsOf(visibleMethods(state).map(find), against && find(against), what);
    while (this.#rows.length < rows.length) this.#rows.push(newRow(this.#body));
    while (this.#rows.length > rows.length) this.#rows.pop()?.row.remove();
    const { short } = shortened(rows.map(({ method }) => method.label));
    rows.forEach((row, i) => fill(this.#rows[i], row, short[i]));
  }
}

/** @param {DepthPicture} picture @param {Spot} at @param {Size} photo */
function depthUnder(picture, at, photo) {
  const pixel = pixelUnder(at, photo, picture);
  return pixel ? depthAt(picture, ...pixel) : NaN;
}

/** @param {HTMLElement} body */
function newRow(body) {
  const name = [h("span"), h("span")];
  const cells = HEADS.slice(1).map(() => h("td"));
  const head = h(
    "th",
    { scope: "row" },
    h("i", { class: "swatch" }),
    h("span", { class: "cut-name" }, ...name),
  );
  const row = h("tr", {}, head, ...cells);
  body.append(row);
  return { row, name, cells };
}

/** @param {{row: HTMLTableRowElement, name: HTMLElement[], cells: HTMLElement[]}} place @param {Row} row @param {string} label */
function fill({ row, name, cells }, { method, depth, error, relative, within }, label) {
  if (row.dataset.value !== method.id) {
    delete row.dataset.tint;
    Object.assign(row.dataset, { value: method.id, ...colourOf(method) });
    row.title = method.label;
  }
  headAndTail(label).forEach((part, i) => setText(name[i], part));
  [depth, error, relative, within].forEach((text, i) => setText(cells[i], text));
}
