/**
 * What a method gains over a baseline at each pixel, in metres: |baseline − truth| − |b − truth|. Above 0 the pane's
 * depth b is nearer to the truth.
 *
 * @import { DepthPicture, Scale, State } from "../state/types.js"
 * @import { StatRule } from "../state/selectors.js"
 * @import { Trust } from "./words.js"
 * @import { Mode } from "./mode.js"
 */
import { SIGNED_MAPS } from "../paint/colormaps.js";
import { DEPTH_SCALE, depthAt, NO_DIFFERENCE } from "../paint/depth.js";
import { derived } from "../paint/derived.js";
import { depthGain } from "../paint/errors.js";
import { paintDifference } from "../paint/painter.js";
import { baselineOf, differenceMax, statRuleOf, truthOf } from "../state/selectors.js";
import { mismatchInMetres, statisticNotes } from "./compare.js";
import { knownWords, shortWords, spanOf, UNKNOWN } from "./words.js";

/** @param {State} state @returns {Scale} */
function scaleOf(state) {
  const max = differenceMax(state);
  return { cmap: SIGNED_MAPS[state.view.zero], min: -max, max, spread: "linear" };
}

/** How far a gain may be off: both errors may, and both contain the truth. @param {Trust[]} methods  own, baseline, truth */
const precisionOf = (methods) =>
  methods.reduce((sum, method, i) => sum + (i === 2 ? 2 : 1) * (method?.precision_m ?? 0), 0);

/** @param {number} value @param {number} precision */
const gainWords = (value, precision) =>
  knownWords(value, { least: value - precision, most: value + precision }, { signed: true });

/** @param {number[]} depths  own, baseline, truth @param {Trust[]} methods */
function readingOf([own, baseline, truth], methods) {
  const metres = Math.abs(baseline - truth) - Math.abs(own - truth);
  if (Number.isNaN(metres)) return { metres, text: "no data" };
  const isBound = [own, baseline, truth].some((depth, i) => spanOf(depth, methods[i]).most === Infinity);
  return { metres, text: isBound ? `gain ${UNKNOWN}` : `gain ${gainWords(metres, precisionOf(methods))}` };
}

/** @type {Mode<DepthPicture, {scale: Scale, rule: StatRule}>} */
export const gain = {
  name: "gain",
  hook: "gain",
  words: "gain over the baseline in metres",
  help: {
    term: "Gain",
    text: "|a − t| − |b − t| in metres, where a is the baseline and t the ground truth: above 0 the pane's depth b is nearer to the ground truth than the baseline. The baseline is the kept reference (Shift and a number), else the gallery's own.",
  },
  suits(state, method) {
    const [truth, baseline] = [truthOf(state), baselineOf(state)];
    const others = truth && baseline && method?.unit === "m" && ![truth.id, baseline.id].includes(method.id);
    return state.view.mode === "gain" && others === true;
  },
  needs: (state, method) => [method, baselineOf(state), truthOf(state)],
  look: (state) => ({ scale: scaleOf(state), rule: statRuleOf(state) }),
  without: "No gain",
  refusal: ({ pictures: [own, ...others], methods: [method, ...more] }) =>
    others
      .map((picture, i) => mismatchInMetres([own, picture], [method, more[i]]))
      .find((reason) => reason !== null) ?? null,
  paint(canvas, { pictures, methods, look: { scale, rule } }) {
    const kind = "gain";
    const [own, baseline, truth] = pictures;
    const values = derived(kind, pictures, () => depthGain(baseline, truth, own));
    paintDifference(canvas, values, own, scale);
    const words = (/** @type {number} */ value) => gainWords(value, precisionOf(methods));
    const stored = { values, none: NO_DIFFERENCE, perUnit: DEPTH_SCALE };
    return statisticNotes({ kind, stored, pictures, rule, words });
  },
  read: ({ pictures, methods }, x, y) =>
    readingOf(
      pictures.map((picture) => depthAt(picture, x, y)),
      methods,
    ),
  inside: ({ pictures, methods }, x, y) => {
    const depths = pictures.map((picture) => depthAt(picture, x, y));
    return [shortWords(readingOf(depths, methods).text)];
  },
  title: ([own, baseline]) => `gain of ${own} over ${baseline}`,
  legend: (state) =>
    state.view.mode === "gain"
      ? {
          bar: "diff",
          what: "gain",
          ends: ["worse", "better"],
          unit: "metres",
          scale: scaleOf(state),
          active: true,
        }
      : null,
};
