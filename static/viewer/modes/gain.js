/**
 * What a method gains over a baseline at each pixel, in metres: |baseline − truth| − |b − truth|. Above 0 the pane's
 * depth b is nearer to the truth.
 *
 * @import { DepthPicture, Scale, State } from "../state/types.js"
 * @import { Counting } from "../paint/errors.js"
 * @import { StatRule } from "../state/selectors.js"
 * @import { Ends, Span, Trust } from "./words.js"
 * @import { Mode } from "./mode.js"
 */
import { SIGNED_MAPS } from "../paint/colormaps.js";
import { openGain } from "../paint/bounds.js";
import { DEPTH_SCALE, depthAt, NO_DIFFERENCE } from "../paint/depth.js";
import { derived } from "../paint/derived.js";
import { countedStatistics, depthGain } from "../paint/errors.js";
import { paintDifference } from "../paint/painter.js";
import { baselineOf, differenceMax, statRuleOf, truthOf, visibleMethods } from "../state/selectors.js";
import { mismatchInMetres, openOf, statisticNotes } from "./compare.js";
import { beyondWords, knownWords, shortWords, spanOf, UNKNOWN } from "./words.js";

/** @param {State} state @returns {Scale} */
function scaleOf(state) {
  const max = differenceMax(state);
  return { cmap: SIGNED_MAPS[state.view.zero], min: -max, max, spread: "linear" };
}

/** How far a gain may be off: both errors may, and both contain the truth. @param {Trust[]} methods  own, baseline, truth */
const precisionOf = (methods) =>
  methods.reduce((sum, method, i) => sum + (i === 2 ? 2 : 1) * (method?.precision_m ?? 0), 0);

/** @param {number} value @param {Span} span */
const gainWords = (value, span) => knownWords(value, span, { signed: true });

/** @param {number[]} depths  own, baseline, truth @param {Trust[]} methods @param {Ends} [scale]  the colours that show it */
function readingOf([own, baseline, truth], methods, scale = null) {
  const metres = Math.abs(baseline - truth) - Math.abs(own - truth);
  if (Number.isNaN(metres)) return { metres, text: "no data" };
  const isBound = [own, baseline, truth].some((depth, i) => spanOf(depth, methods[i]).most === Infinity);
  if (isBound) return { metres, text: `gain ${UNKNOWN}` };
  const precision = precisionOf(methods);
  const words = gainWords(metres, { least: metres - precision, most: metres + precision });
  return { metres, text: `gain ${words}${beyondWords(metres, scale)}` };
}

/** @type {Mode<DepthPicture, {scale: Scale, rule: StatRule}>} */
export const gain = {
  name: "gain",
  hook: "gain",
  words: "gain over the baseline in metres",
  help: {
    term: "Gain",
    text: "|a − t| − |b − t| in metres, where a is the baseline and t the ground truth: above 0 the pane's depth b is nearer to the ground truth than the baseline. The baseline is the kept reference (Shift and a number), else the gallery's first method of the family “baseline”.",
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
    const count = (/** @type {Counting} */ counting) =>
      countedStatistics(values, NO_DIFFERENCE, DEPTH_SCALE, counting);
    const open = openOf(kind, pictures, methods, rule, openGain);
    const precision = precisionOf(methods);
    const words = (/** @type {number} */ value) =>
      gainWords(value, {
        least: open.below ? -Infinity : value - precision,
        most: open.above ? Infinity : value + precision,
      });
    return statisticNotes({ kind, count, pictures, methods, rule, words });
  },
  read: ({ pictures, methods, look: { scale } }, x, y) =>
    readingOf(
      pictures.map((picture) => depthAt(picture, x, y)),
      methods,
      scale,
    ),
  inside: ({ pictures, methods }, x, y) => {
    const depths = pictures.map((picture) => depthAt(picture, x, y));
    return [shortWords(readingOf(depths, methods).text)];
  },
  title: ([own, baseline]) => `gain of ${own} over ${baseline}`,
  legend(state) {
    const baseline = baselineOf(state);
    if (state.view.mode !== "gain" || !baseline) return null;
    return {
      bar: "diff",
      what: `gain over ${baseline.label}`,
      ends: ["worse", "better"],
      unit: "metres",
      scale: scaleOf(state),
      active: true,
      // The pane of a baseline on show says that it is one.
      note: visibleMethods(state).includes(baseline) ? undefined : `The baseline is ${baseline.label}.`,
    };
  },
};
