/**
 * How far a pane's depth b is from the depth a of the reference, as a share of a: (b − a) / a.
 *
 * @import { DepthPicture, Scale, State } from "../state/types.js"
 * @import { Counting } from "../paint/errors.js"
 * @import { StatRule } from "../state/selectors.js"
 * @import { Mode } from "./mode.js"
 */
import { SIGNED_MAPS } from "../paint/colormaps.js";
import { openDifference } from "../paint/bounds.js";
import { depthAt } from "../paint/depth.js";
import { derived } from "../paint/derived.js";
import { ratioStatistics, relativeDifference } from "../paint/errors.js";
import { paintRatio } from "../paint/painter.js";
import { statRuleOf } from "../state/selectors.js";
import { counterpart, mismatchInMetres, openOf, statisticNotes } from "./compare.js";
import { boundedPercent, percent, relativeWords } from "./ratio-words.js";

/** Ends of the colours, as a share of the reference's depth. */
const END = 0.5;

/** @param {State} state @returns {Scale} */
const scaleOf = ({ view }) => ({ cmap: SIGNED_MAPS[view.zero], min: -END, max: END, spread: "linear" });

/** @type {Mode<DepthPicture, {scale: Scale, rule: StatRule}>} */
export const relative = {
  name: "relative",
  hook: "relative",
  words: "relative difference",
  help: {
    term: "Relative difference",
    text: "(b − a) / a in per cent: b is the pane's depth, a that of the reference. Shift and a number keep the reference; the numbers change it, too.",
  },
  suits: (state, method) => state.view.mode === "relative" && counterpart(state, method)?.unit === "m",
  needs: (state, method) => [method, counterpart(state, method)],
  look: (state) => ({ scale: scaleOf(state), rule: statRuleOf(state) }),
  without: "No relative difference",
  refusal: ({ pictures, methods }) => mismatchInMetres(pictures, methods),
  paint(canvas, { pictures, methods, look: { scale, rule } }) {
    const [own, reference] = pictures;
    const kind = "relative difference";
    const values = derived(kind, [own, reference], () => relativeDifference(reference, own));
    paintRatio(canvas, values, own, scale);
    const count = (/** @type {Counting} */ counting) => ratioStatistics(reference, own, counting);
    const open = openOf(kind, pictures, methods, rule, openDifference);
    const words = (/** @type {number} */ share) => boundedPercent(share, open);
    return statisticNotes({ kind, count, pictures, methods, rule, words });
  },
  read: ({ pictures: [own, reference], methods, look: { scale } }, x, y) => ({
    metres: null,
    text: relativeWords([depthAt(own, x, y), depthAt(reference, x, y)], methods, scale),
  }),
  inside: ({ pictures: [own, reference] }, x, y) => {
    const share = depthAt(own, x, y) / depthAt(reference, x, y) - 1;
    return [Number.isNaN(share) ? "" : percent(share, 0)];
  },
  title: ([own, reference]) => `${own} relative to ${reference}`,
  legend: (state) =>
    state.view.mode === "relative"
      ? {
          bar: "diff",
          what: "relative difference",
          ends: ["nearer", "farther"],
          unit: "of a",
          scale: scaleOf(state),
          active: true,
        }
      : null,
};
