/**
 * |ΔRGB| per channel, which is all that two pictures without metres allow; the published viewer's difference.
 *
 * @import { ColorPicture } from "../state/types.js"
 * @import { Mode } from "./mode.js"
 */
import { absoluteDifference, colorAt, colorStatistics } from "../paint/color.js";
import { paintColors } from "../paint/painter.js";
import { comparedTitle, counterpart, mismatch } from "./compare.js";

const SOME = "Pictures marked “colours only” hold no metres: their difference is |ΔRGB| per channel.";
const ALL = "These pictures hold colours, not metres: a difference is |ΔRGB| per channel, 0 (black) to 255.";

/** @type {Mode<ColorPicture, null>} */
export const colorDifference = {
  name: "color-difference",
  hook: "diff",
  words: "difference of colours",
  suits: (state, method) => method?.unit === "rgb" && counterpart(state, method)?.unit === "rgb",
  needs: (state, method) => [method, counterpart(state, method)],
  look: () => null,
  without: "No difference",
  refusal: ({ pictures, methods }) => mismatch(pictures, methods),
  paint(canvas, { pictures: [own, reference] }) {
    const difference = absoluteDifference(reference, own);
    paintColors(canvas, difference);
    const { min, mean, max } = colorStatistics(difference);
    return [`mean |ΔRGB| ${mean.toFixed(1)}`, `min ${min}, max ${max}`];
  },
  read({ pictures: [own, reference] }, x, y) {
    const [a, b] = [colorAt(reference, x, y), colorAt(own, x, y)];
    return { metres: null, text: `Δ ${b.map((value, c) => Math.abs(value - a[c])).join(" ")}` };
  },
  inside: (_given, _x, _y, rgb) => rgb.map(String),
  title: comparedTitle,
  legend({ gallery }) {
    const methods = gallery?.methods ?? [];
    if (!methods.some((method) => method.unit === "rgb")) return null;
    return { note: methods.some((method) => method.unit === "m") ? SOME : ALL };
  },
};
