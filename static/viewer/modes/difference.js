/**
 * How far a pane's depth b is from the depth a of the chosen method, in metres: |b − a|, or b − a with sign.
 *
 * @import { DepthPicture, Method, Scale, State } from "../state/types.js"
 * @import { Mode } from "./mode.js"
 */
import { ABSOLUTE_MAPS, SIGNED_MAPS } from "../paint/colormaps.js";
import { depthAt, depthDifference } from "../paint/depth.js";
import { derived } from "../paint/derived.js";
import { paintDifference } from "../paint/painter.js";
import { differenceMax, showsMetres } from "../state/selectors.js";
import { comparedTitle, counterpart, mismatchInMetres } from "./compare.js";
import { differenceWords, isCutOff, shortWords, statisticWords } from "./words.js";

/** @param {State} state @returns {Scale} */
function scaleOf(state) {
  const max = differenceMax(state);
  const { signed, zero } = state.view;
  return signed
    ? { cmap: SIGNED_MAPS[zero], min: -max, max, spread: "linear" }
    : { cmap: ABSOLUTE_MAPS[zero], min: 0, max, spread: "linear" };
}

/** @param {DepthPicture} picture @param {Method|null} method */
const cutOff = (picture, method) => derived("cut off", [picture], () => isCutOff(picture, method), 0);

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
  paint(canvas, { pictures: [own, reference], methods, look }) {
    const kind = look.signed ? "signed difference" : "absolute difference";
    const { values, statistics } = derived(kind, [own, reference], () =>
      depthDifference(reference, own, look.signed),
    );
    paintDifference(canvas, values, own, look.scale);
    if (!statistics) return ["no pixel in common", ""];
    const cut = [own, reference].map((picture, i) => cutOff(picture, methods[i]));
    const words = (/** @type {number} */ value) =>
      statisticWords(value, { methods, signed: look.signed, cut });
    const { min, mean, max } = statistics;
    return [`mean ${words(mean)}`, `min ${words(min)}, max ${words(max)}`];
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
  title: comparedTitle,
  legend(state) {
    if (!showsMetres(state)) return null;
    const active = state.view.diff > 0;
    return { bar: "diff", what: "difference", unit: "metres", scale: scaleOf(state), active };
  },
};
