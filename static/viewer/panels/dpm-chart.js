/**
 * A distribution over depth as a small SVG: steps of density, the expectation as a line, others to compare with.
 *
 * @import { Distribution } from "../state/types.js"
 *
 * @typedef {{min: number, max: number, spread: "linear"|"log"}} Axis  metres
 */
import { shareOf, stepsOf, valueAt } from "../paint/scale.js";
import { svg } from "./dom.js";

export const WIDTH = 360;
const HEIGHT = 64;
const PADDING = 4;

/** Where a depth lies on the chart. @param {number} depth metres @param {Axis} axis */
export function xOf(depth, axis) {
  return Math.min(1, Math.max(0, shareOf(depth, axis))) * WIDTH;
}

/** Depth at a place on the chart, metres. @param {number} x @param {Axis} axis */
export const depthAtX = (x, axis) => valueAt(x / WIDTH, axis);

/** Bins may differ in width, so curves show density: probability per metre. @param {Curve} d */
function densities(d) {
  return d.probability.map((p, i) => p / Math.max(d.bin_edges_m[i + 1] - d.bin_edges_m[i], 1e-9));
}

/** Outline of the density as steps, as high as the chart. @param {Curve} d @param {Axis} axis */
function outline(d, axis) {
  const density = densities(d);
  const peak = Math.max(...density, 1e-12);
  const y = (/** @type {number} */ value) => (HEIGHT - (value / peak) * (HEIGHT - PADDING)).toFixed(2);
  let path = `M${xOf(d.bin_edges_m[0], axis).toFixed(2)} ${HEIGHT}`;
  density.forEach((value, i) => {
    path += `V${y(value)}H${xOf(d.bin_edges_m[i + 1], axis).toFixed(2)}`;
  });
  return `${path}V${HEIGHT}Z`;
}

/**
 * What is drawn into a chart, first the hindmost; null is left out. `curve` is a distribution, `depth` a line.
 * @typedef {{kind: string, curve: Curve}|{kind: string, depth: number|null}|null} Mark
 * @typedef {Pick<Distribution, "bin_edges_m"|"probability">} Curve
 */

/** @param {Mark[]} marks @param {Axis} axis @param {string} label */
export function drawChart(marks, axis, label) {
  const root = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    class: "curve",
    role: "img",
    preserveAspectRatio: "none",
    "aria-label": label,
  });
  for (const value of stepsOf(axis)) root.append(vertical("gridline", value, axis));
  for (const mark of marks) {
    if (mark && "curve" in mark) root.append(svg("path", { class: mark.kind, d: outline(mark.curve, axis) }));
    else if (mark?.depth != null) root.append(vertical(mark.kind, mark.depth, axis));
  }
  return root;
}

/** @param {string} kind @param {number} depth @param {Axis} axis */
function vertical(kind, depth, axis) {
  const x = xOf(depth, axis);
  return svg("line", { class: kind, x1: x, x2: x, y1: 0, y2: HEIGHT });
}

/** The depth axis under the charts. @param {Axis} axis */
export function drawAxis(axis) {
  const root = svg("svg", { viewBox: `0 0 ${WIDTH} 16`, class: "axis", "aria-hidden": "true" });
  for (const value of stepsOf(axis)) {
    const x = xOf(value, axis);
    const anchor = x < 8 ? "start" : x > WIDTH - 8 ? "end" : "middle";
    root.append(svg("text", { x, y: 12, "text-anchor": anchor }, String(value)));
  }
  return root;
}

/** The bin at a depth and its probability; null outside. @param {Curve} d @param {number} depth */
export function binAt(d, depth) {
  const i = d.bin_edges_m.findLastIndex((edge) => edge <= depth);
  if (i < 0 || i >= d.probability.length) return null;
  return { from: d.bin_edges_m[i], to: d.bin_edges_m[i + 1], probability: d.probability[i] };
}
