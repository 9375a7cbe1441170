/**
 * How far a pane's depth b is from the depth a of the chosen method, in metres: |b − a|, or b − a with sign.
 *
 * @import { DepthPicture, Scale, State } from "../state/types.js"
 * @import { Counting } from "../paint/errors.js"
 * @import { StatRule } from "../state/selectors.js"
 * @import { Given, Mode } from "./mode.js"
 */
import { ABSOLUTE_MAPS, SIGNED_MAPS } from "../paint/colormaps.js";
import { openDifference } from "../paint/bounds.js";
import {
  DEPTH_SCALE,
  depthAt,
  depthDifference,
  depthDistance,
  NO_DIFFERENCE,
  NO_DISTANCE,
} from "../paint/depth.js";
import { derived, room } from "../paint/derived.js";
import { countedStatistics } from "../paint/errors.js";
import { paintDifference, paintDistance } from "../paint/painter.js";
import { differenceMax, showsMetres, statRuleOf } from "../state/selectors.js";
import { comparedTitle, counterpart, mismatchInMetres, openOf, statisticNotes } from "./compare.js";
import { differenceWords, shortWords, statisticWords } from "./words.js";

/** @param {State} state @returns {Scale} */
export function scaleOf(state) {
  const max = differenceMax(state);
  const { signed, zero } = state.view;
  return signed
    ? { cmap: SIGNED_MAPS[zero], min: -max, max, spread: "linear" }
    : { cmap: ABSOLUTE_MAPS[zero], min: 0, max, spread: "linear" };
}

/** Distances of two pictures: |b − a|, or b − a. @param {DepthPicture[]} pictures  b, then a @param {boolean} signed */
function computed([own, reference], signed) {
  const kind = signed ? "signed difference" : "absolute difference";
  const { length } = own.values;
  const compute = () =>
    signed
      ? depthDifference(reference, own, room(Int32Array, length))
      : depthDistance(reference, own, room(Uint16Array, length));
  return { kind, values: derived(kind, [own, reference], compute, signed ? 4 : 2) };
}

/** @param {Given<DepthPicture, Look>} given @param {ReturnType<typeof computed>} found */
function notesOf({ pictures, methods, look: { signed, rule } }, { kind, values }) {
  const open = openOf("b − a", pictures, methods, rule, openDifference);
  const cut = [open.above, open.below];
  const words = (/** @type {number} */ value) => statisticWords(value, { methods, signed, cut });
  const none = signed ? NO_DIFFERENCE : NO_DISTANCE;
  const count = (/** @type {Counting} */ counting) => countedStatistics(values, none, DEPTH_SCALE, counting);
  return statisticNotes({ kind, count, pictures, methods, rule, words });
}

/** @typedef {{scale: Scale, signed: boolean, rule: StatRule}} Look */

/** How distances in metres are painted and read, whatever they are measured from. */
export const distances = /** @satisfies {Partial<Mode<DepthPicture, Look>>} */ ({
  look: (/** @type {State} */ state) => ({
    scale: scaleOf(state),
    signed: state.view.signed,
    rule: statRuleOf(state),
  }),
  refusal: ({ pictures, methods }) => mismatchInMetres(pictures, methods),
  prepare: (given) => void notesOf(given, computed(given.pictures, given.look.signed)),
  paint(canvas, given) {
    const { pictures, look } = given;
    const { kind, values } = computed(pictures, look.signed);
    if (values instanceof Uint16Array) paintDistance(canvas, values, pictures[0], look.scale);
    else paintDifference(canvas, values, pictures[0], look.scale);
    return notesOf(given, { kind, values });
  },
  read({ pictures: [own, reference], methods, look: { signed, scale } }, x, y) {
    const [b, a] = [depthAt(own, x, y), depthAt(reference, x, y)];
    const text = differenceWords({ depths: [b, a], methods, signed, scale });
    return { metres: signed ? b - a : Math.abs(b - a), text };
  },
  inside: ({ pictures, methods, look }, x, y) => {
    const depths = pictures.map((picture) => depthAt(picture, x, y));
    return [shortWords(differenceWords({ depths: [depths[0], depths[1]], methods, signed: look.signed }))];
  },
});

/** @type {Mode<DepthPicture, Look>} */
export const difference = {
  ...distances,
  name: "difference",
  hook: "diff",
  words: "difference in metres",
  help: {
    term: "Difference",
    text: "Press the number on a label: every other pane shows how far its depth b is from that method's depth a, in metres, on the second scale.",
  },
  suits: (state, method) => counterpart(state, method) !== null,
  needs: (state, method) => [method, counterpart(state, method)],
  without: "No difference",
  title: comparedTitle,
  legend(state) {
    if (!showsMetres(state)) return null;
    const active = state.view.diff > 0;
    /** @type {[string, string]} */
    const ends = state.view.signed ? ["nearer", "farther"] : ["same", "apart"];
    return { bar: "diff", what: "difference", ends, unit: "metres", scale: scaleOf(state), active };
  },
};
