/**
 * How far a pane's depth b is from the depth a of the chosen method, in metres: |b − a|, or b − a with sign.
 *
 * @import { DepthPicture, Scale, State } from "../state/types.js"
 * @import { Mode } from "./mode.js"
 */
import { ABSOLUTE_MAPS, SIGNED_MAPS } from "../paint/colormaps.js";
import { depthAt, depthDifference } from "../paint/depth.js";
import { derived } from "../paint/derived.js";
import { paintDifference } from "../paint/painter.js";
import { differenceMax, showsMetres } from "../state/selectors.js";
import { comparedTitle, counterpart, mismatchInMetres } from "./compare.js";
import { differenceWords, metres } from "./words.js";

/** @param {State} state @returns {Scale} */
function scaleOf(state) {
  const max = differenceMax(state);
  const { signed, zero } = state.view;
  return signed
    ? { cmap: SIGNED_MAPS[zero], min: -max, max, spread: "linear" }
    : { cmap: ABSOLUTE_MAPS[zero], min: 0, max, spread: "linear" };
}

/** @type {Mode<DepthPicture, {scale: Scale, signed: boolean}>} */
export const difference = {
  name: "difference",
  hook: "diff",
  words: "difference in metres",
  help: {
    term: "Difference",
    text: "Press the number on a label: every other pane shows how far its depth b is from that method's depth a, in metres, on the second scale.",
  },
  suits: (state, method) => counterpart(state, method) !== null,
  needs: (state, method) => [method, counterpart(state, method)],
  look: (state) => ({ scale: scaleOf(state), signed: state.view.signed }),
  without: "No difference",
  refusal: ({ pictures, methods }) => mismatchInMetres(pictures, methods),
  paint(canvas, { pictures: [own, reference], look }) {
    const kind = look.signed ? "signed difference" : "absolute difference";
    const { values, statistics } = derived(kind, [own, reference], () =>
      depthDifference(reference, own, look.signed),
    );
    paintDifference(canvas, values, own, look.scale);
    if (!statistics) return ["no pixel in common", ""];
    const { min, mean, max } = statistics;
    return [`mean ${metres(mean)} m`, `min ${metres(min)}, max ${metres(max)}`];
  },
  read({ pictures: [own, reference], look }, x, y) {
    const delta = depthAt(own, x, y) - depthAt(reference, x, y);
    const value = look.signed ? delta : Math.abs(delta);
    return { metres: value, text: differenceWords(value, look.signed) };
  },
  title: comparedTitle,
  legend(state) {
    if (!showsMetres(state)) return null;
    const active = state.view.diff > 0;
    return { bar: "diff", what: "difference", unit: "metres", scale: scaleOf(state), active };
  },
};
