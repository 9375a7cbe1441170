/**
 * How the fields of a comparison keep together: `mode`, `diff`, `signed` and `reference`. Pure.
 *
 * In a comparing mode `diff` says which method is compared with, in any other mode it is 0. The signed mode is the
 * absolute one with `signed`. Relative differences and δ compare with the kept `reference`.
 *
 * @import { View } from "./fields.js"
 */

/** What panes can show, in the order of the page's list. */
export const MODE_NAMES = /** @type {const} */ ([
  "depth",
  "absolute",
  "signed",
  "relative",
  "delta1",
  "error",
  "gain",
]);

/** @typedef {typeof MODE_NAMES[number]} ModeName */

/** What the page's list calls them: b is a pane's depth, a that of the reference. @type {Readonly<Record<ModeName, string>>} */
export const MODE_LABELS = Object.freeze({
  depth: "Depth",
  absolute: "Difference |b − a|",
  signed: "Difference b − a",
  relative: "Relative (b − a) / a",
  delta1: "δ < 1.25",
  error: "Error to ground truth",
  gain: "Gain over a",
});

/** Modes in metres: b − a. @param {ModeName} mode */
export const isDifference = (mode) => mode === "absolute" || mode === "signed";

/** Modes that divide by a kept reference. @param {ModeName} mode */
const isRatio = (mode) => mode === "relative" || mode === "delta1";

/** Modes that compare with one method on show. @param {ModeName} mode */
export const isComparing = (mode) => isDifference(mode) || isRatio(mode);

/** Modes that need the truth. @param {ModeName} mode */
export const needsTruth = (mode) => mode === "error" || mode === "gain";

/** The difference in metres that a view means. @param {Pick<View, "signed">} view @returns {ModeName} */
export const differenceOf = ({ signed }) => (signed ? "signed" : "absolute");

/**
 * A view after a change, with whatever else the change entails, so that mode, diff, sign and reference agree.
 * Of several that change at once the mode decides, then `diff`, then the others.
 * @param {View} before @param {Partial<View>} change
 * @returns {View}
 */
export function agreeing(before, change) {
  const next = { ...before, ...change };
  const changed = (/** @type {keyof View} */ name) => next[name] !== before[name];
  if (!changed("mode")) next.mode = modeAfter(before, next);
  if (isDifference(next.mode)) next.signed = next.mode === "signed";
  if (!isComparing(next.mode)) next.diff = 0;
  else if (!changed("diff") && isRatio(next.mode) && (changed("mode") || changed("reference")))
    next.diff = next.reference || next.diff;
  if (isRatio(next.mode)) next.reference = next.diff || next.reference;
  return next;
}

/** The mode, where it was not what was changed. @param {View} before @param {View} next @returns {ModeName} */
function modeAfter({ mode, diff }, next) {
  const off = isComparing(mode) ? "depth" : mode;
  const on = isComparing(mode) ? mode : differenceOf(next);
  const now = next.diff === diff ? mode : next.diff ? on : off;
  return isDifference(now) ? differenceOf(next) : now;
}
