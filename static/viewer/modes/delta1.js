/**
 * Where a pane's depth b is within a factor of 1.25 of the depth a of the reference, and where within its powers.
 *
 * @import { DepthPicture, Scale, State } from "../state/types.js"
 * @import { StatRule } from "../state/selectors.js"
 * @import { Mode } from "./mode.js"
 */
import { colorTable, DELTA_MAPS } from "../paint/colormaps.js";
import { depthAt } from "../paint/depth.js";
import { derived } from "../paint/derived.js";
import { countedClasses, DELTA, deltaClasses } from "../paint/errors.js";
import { packed } from "../paint/lookup.js";
import { paintValues } from "../paint/painter.js";
import { statRuleOf } from "../state/selectors.js";
import { pixelWords, countingOf, counterpart, mismatchInMetres } from "./compare.js";
import { deltaWords } from "./ratio-words.js";

/** The bar has one quarter for each class: its end is 1.25⁴. @param {State} state @returns {Scale} */
const scaleOf = ({ view }) => ({ cmap: DELTA_MAPS[view.zero], min: 1, max: DELTA ** 4, spread: "log" });

/** Colours of the classes; 0, no data, is transparent. @param {string} cmap */
function classColors(cmap) {
  const table = colorTable(cmap);
  const colors = [0, 1, 2, 3].map((quarter) => packed(table.subarray(192 * quarter, 192 * quarter + 3)));
  return Uint32Array.of(0, ...colors);
}

/** @type {Mode<DepthPicture, {scale: Scale, rule: StatRule}>} */
export const delta1 = {
  name: "delta1",
  hook: "delta1",
  words: "mask of δ below 1.25",
  help: {
    term: "δ < 1.25",
    text: "The first colour: the pane's depth b and the reference's depth a differ by less than a factor of 1.25. The others: within 1.25², within 1.25³, and beyond.",
  },
  suits: (state, method) => state.view.mode === "delta1" && counterpart(state, method)?.unit === "m",
  needs: (state, method) => [method, counterpart(state, method)],
  look: (state) => ({ scale: scaleOf(state), rule: statRuleOf(state) }),
  without: "No mask",
  refusal: ({ pictures, methods }) => mismatchInMetres(pictures, methods),
  paint(canvas, { pictures: [own, reference], methods, look: { scale, rule } }) {
    const classes = derived("delta", [own, reference], () => deltaClasses(reference, own), 1);
    paintValues(canvas, classes, own, classColors(scale.cmap), 0);
    const counts = countedClasses(classes, countingOf(rule, reference));
    const [, ...found] = counts;
    const all = found.reduce((sum, count) => sum + count, 0);
    const counted = pixelWords(rule, methods[1], all);
    if (all === 0) return ["no pixel in common", counted];
    const share = (/** @type {number} */ count) => `${((100 * count) / all).toFixed(1)} %`;
    return [
      `δ < 1.25: ${share(found[0])}`,
      `< 1.25²: ${share(found[0] + found[1])}, < 1.25³: ${share(all - found[3])}; ${counted}`,
    ];
  },
  read: ({ pictures: [own, reference], methods }, x, y) => ({
    metres: null,
    text: deltaWords([depthAt(own, x, y), depthAt(reference, x, y)], methods),
  }),
  inside: ({ pictures: [own, reference] }, x, y) => {
    const ratio = depthAt(own, x, y) / depthAt(reference, x, y);
    return [Number.isNaN(ratio) ? "" : Math.max(ratio, 1 / ratio).toFixed(2)];
  },
  title: ([own, reference]) => `${own} within 1.25 of ${reference}`,
  legend: (state) =>
    state.view.mode === "delta1"
      ? {
          bar: "diff",
          what: "the factor between a and b",
          ends: ["within", "beyond"],
          unit: "times",
          steps: [1.25, 1.56, 1.95],
          scale: scaleOf(state),
          active: true,
        }
      : null,
};
