/**
 * One row of the distributions' panel.
 *
 * @import { Distribution, Method } from "../state/types.js"
 * @import { Axis } from "./dpm-chart.js"
 *
 * @typedef {object} Row
 * @property {Method} method
 * @property {Distribution|null} distribution
 * @property {string} message  shown while there is no distribution
 * @property {boolean} failed
 *
 * @typedef {{method: Method, depth: number|null}} PaneReading  What a pane says at the marked pixel.
 */
import { h } from "./dom.js";
import { colourOf, nameOf } from "./names.js";
import { drawAxis, drawChart } from "./dpm-chart.js";

/** @param {Row} row @param {Axis} axis @param {{teacher: Distribution|null, truth: number|null}} compare */
export function distributionRow({ method, distribution, message, failed }, axis, compare) {
  const state = failed ? "failed" : message ? "loading" : "ready";
  const expectation = distribution ? `${distribution.expectation_m.toFixed(2)} m` : "";
  return h(
    "section",
    { class: "curve-row", dataset: { ...colourOf(method), dpm: method.id, state } },
    header(method, h("b", { class: "curve-expectation" }, expectation)),
    h(
      "div",
      { class: "curve-box" },
      distribution ? drawChart(distribution, axis, compare) : null,
      message ? h("p", { class: "curve-message" }, message) : null,
    ),
    drawAxis(axis),
    h("p", { class: "curve-facts" }, h("span", {}, factsOf(distribution)), h("span", { class: "curve-bin" })),
  );
}

/** The row of a method that no model of the server can explain: its depth only. @param {PaneReading} reading */
export function readingRow({ method, depth }) {
  return h(
    "section",
    { class: "curve-row plain-row", dataset: colourOf(method) },
    header(method, h("b", {}, depth === null ? "no data" : `${depth.toFixed(2)} m`)),
  );
}

/** @param {Method} method @param {HTMLElement} value */
function header(method, value) {
  return h(
    "header",
    {},
    h("i", { class: "swatch" }),
    h("span", { class: "name" }, nameOf(method.label)),
    value,
  );
}

/** @param {Distribution|null} distribution */
function factsOf(distribution) {
  if (!distribution) return "";
  const { source, target, sigma_m, mode_m, entropy_nats } = distribution;
  const kind = source === "own" ? "own distribution" : `${target} target of its depth, σ ${sigma_m} m`;
  return `${kind} · mode ${mode_m.toFixed(2)} m · entropy ${entropy_nats.toFixed(2)} nats`;
}
