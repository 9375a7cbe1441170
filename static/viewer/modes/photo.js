/**
 * The colour photo.
 *
 * @import { Photo } from "../state/types.js"
 * @import { Mode } from "./mode.js"
 */
import { paintPhoto } from "../paint/painter.js";

/** @type {Mode<Photo, null>} */
export const photo = {
  name: "photo",
  hook: "image",
  words: "colour photo",
  suits: () => true,
  needs: (_state, method) => [method],
  look: () => null,
  paint(canvas, { pictures }) {
    paintPhoto(canvas, pictures[0]);
    return ["", ""];
  },
  read: (_given, x, y) => ({ metres: null, text: `${x}, ${y}` }),
  inside: (_given, _x, _y, rgb) => rgb.map(String),
  title: ([own]) => own,
  legend: () => null,
};
