/**
 * One row of the distributions' panel.
 *
 * @import { Distribution, Method, Model } from "../state/types.js"
 * @import { Axis } from "./dpm-chart.js"
 *
 * @typedef {object} Row
 * @property {Method} method
 * @property {Distribution|null} distribution
 * @property {string} message  shown while there is no distribution
 * @property {boolean} failed
 *
 * @typedef {{method: Method, depth: number|null}} PaneReading  What a pane says at the marked pixel.
 *
 * @typedef {object} Beside  What all rows are compared with.
 * @property {Distribution|null} teacher
 * @property {number|null} truth
 * @property {(name: string) => Model|undefined} model  what the server says of a model
 */
import { depthWords } from "../modes/words.js";
import { targetDpm } from "../paint/target-dpm.js";
import { h } from "./dom.js";
import { drawAxis, drawChart } from "./dpm-chart.js";
import { colourOf, nameOf } from "./names.js";

/** @param {Row} row @param {Axis} axis @param {Beside} beside @param {string} note  explains the curve; may be empty */
export function distributionRow({ method, distribution, message, failed }, axis, beside, note) {
  const state = failed ? "failed" : message ? "loading" : "ready";
  const expectation = distribution ? `${distribution.expectation_m.toFixed(2)} m` : "";
  return h(
    "section",
    { class: "curve-row", dataset: { ...colourOf(method), dpm: method.id, state } },
    header(method, h("b", { class: "curve-expectation" }, expectation)),
    h(
      "div",
      { class: "curve-box" },
      distribution ? chartOf(distribution, axis, beside) : null,
      message ? h("p", { class: "curve-message" }, message) : null,
    ),
    drawAxis(axis),
    h(
      "p",
      { class: "curve-facts" },
      h("span", {}, distribution ? factsOf(distribution, beside) : ""),
      h("span", { class: "curve-bin" }),
    ),
    note ? h("p", { class: "curve-note" }, note) : null,
  );
}

/** @param {Distribution} own @param {Axis} axis @param {Beside} beside */
function chartOf(own, axis, beside) {
  const { teacher, truth } = beside;
  const target = targetOf(own, beside);
  const label = `Distribution over depth, expectation ${own.expectation_m.toFixed(2)} metres`;
  return drawChart(
    [
      { kind: "area", curve: own },
      teacher && teacher !== own ? { kind: "ghost", curve: teacher } : null,
      target && { kind: "target", curve: target },
      { kind: "truth", depth: truth },
      { kind: "expectation", depth: own.expectation_m },
    ],
    axis,
    label,
  );
}

/** What a student with bins of its own was to learn at this depth of the teacher. @param {Distribution} own @param {Beside} beside */
function targetOf(own, { teacher, model }) {
  const { target: kind, sigma_m: sigma } = model(own.model) ?? {};
  if (own.source !== "own" || own === teacher || !teacher || !kind || !sigma) return null;
  const { bin_edges_m } = own;
  return { bin_edges_m, probability: targetDpm(bin_edges_m, teacher.depth_m, { sigma, kind }), kind, sigma };
}

/** The row of a method that no model of the server can explain: its depth only. @param {PaneReading} reading @param {Axis} axis @param {Beside} beside */
export function readingRow({ method, depth }, axis, { truth }) {
  const isTruth = method.family === "ground_truth";
  const words = depthWords(depth ?? NaN, method);
  const marks = [{ kind: "truth", depth: truth }, isTruth ? null : { kind: "stored", depth }];
  return h(
    "section",
    { class: "curve-row plain-row", dataset: { ...colourOf(method), reading: method.id } },
    header(method, h("b", {}, words)),
    depth === null ? null : h("div", { class: "curve-box" }, drawChart(marks, axis, `Depth ${words}`)),
    depth === null ? null : drawAxis(axis),
    h(
      "p",
      { class: "curve-facts" },
      isTruth ? "measured" : "depth of its pane; this server has no such model",
    ),
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

/** @param {Distribution} distribution @param {Beside} beside */
function factsOf(distribution, beside) {
  const { source, target, sigma_m, mode_m, entropy_nats } = distribution;
  const learned = targetOf(distribution, beside);
  const kind = source === "own" ? "own distribution" : `${target} target of its depth, σ ${sigma_m} m`;
  const aim = learned ? ` · dotted: its ${learned.kind} target, σ ${learned.sigma} m` : "";
  return `${kind} · mode ${mode_m.toFixed(2)} m · entropy ${entropy_nats.toFixed(2)} nats${aim}`;
}

/** Bins that move with the photo give spikes. @param {Distribution} d */
export function hasOwnBins({ source, bin_edges_m }) {
  const widths = bin_edges_m.slice(1).map((edge, i) => edge - bin_edges_m[i]);
  return source === "own" && Math.max(...widths) > 1.01 * Math.min(...widths);
}
