/**
 * |ΔRGB| per channel, which is all that two pictures without metres allow; the published viewer's difference.
 *
 * @import { ColorPicture } from "../state/types.js"
 * @import { Legend, Mode } from "./mode.js"
 */
import { absoluteDifference, colorAt, colorStatistics } from "../paint/color.js";
import { paintColors } from "../paint/painter.js";
import { comparedOf, showsMetres, visibleMethods } from "../state/selectors.js";
import { comparedTitle, counterpart, mismatch } from "./compare.js";

const SOME = "Pictures marked “colours only” hold no metres: their difference is |ΔRGB| per channel.";
const ALL = "These pictures hold colours, not metres: a difference is |ΔRGB| per channel, 0 (black) to 255.";

/** The bar of differences while these are of colours: the levels of a channel. @type {Legend} */
const LEVELS = Object.freeze({
  bar: "diff",
  what: "difference of colours",
  ends: /** @type {[string, string]} */ (["same", "apart"]),
  unit: "|ΔRGB|",
  scale: Object.freeze({ cmap: "grey", min: 0, max: 255, spread: "linear" }),
  active: true,
});

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
  legend(state) {
    if (!visibleMethods(state).some(({ unit }) => unit === "rgb")) return null;
    if (!showsMetres(state)) return { note: ALL };
    return comparedOf(state)?.unit === "rgb" ? { ...LEVELS, note: SOME } : { note: SOME };
  },
};
