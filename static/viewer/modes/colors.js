/**
 * A picture that holds colours but no metres, as it is.
 *
 * @import { ColorPicture } from "../state/types.js"
 * @import { Mode } from "./mode.js"
 */
import { colorAt } from "../paint/color.js";
import { paintColors } from "../paint/painter.js";

/** @type {Mode<ColorPicture, null>} */
export const colors = {
  name: "colors",
  hook: "rgb",
  words: "colours, not in metres",
  suits: (_state, method) => method?.unit === "rgb",
  needs: (_state, method) => [method],
  look: () => null,
  paint(canvas, { pictures }) {
    paintColors(canvas, pictures[0]);
    return ["", "colours only"];
  },
  read: ({ pictures }, x, y) => ({ metres: null, text: colorAt(pictures[0], x, y).join(" ") }),
  inside: (_given, _x, _y, rgb) => rgb.map(String),
  title: ([own]) => own,
  legend: () => null,
};
