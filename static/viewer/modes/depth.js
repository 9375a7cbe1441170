/**
 * Depth in metres on the gallery's one colour scale.
 *
 * @import { DepthPicture, Scale } from "../state/types.js"
 * @import { Mode } from "./mode.js"
 */
import { depthAt } from "../paint/depth.js";
import { paintDepth } from "../paint/painter.js";
import { depthScale, showsMetres } from "../state/selectors.js";
import { depthWords, shortWords } from "./words.js";

/** @type {Mode<DepthPicture, {scale: Scale}>} */
export const depth = {
  name: "depth",
  hook: "depth",
  words: "depth",
  help: {
    term: "Depth",
    text: "Every picture of a gallery uses one fixed scale in metres, so colours mean the same everywhere. Point at a pixel to read all panes there.",
  },
  suits: (_state, method) => method !== null,
  needs: (_state, method) => [method],
  look: (state) => ({ scale: depthScale(state) }),
  paint(canvas, { pictures, look }) {
    paintDepth(canvas, pictures[0], look.scale);
    return ["", ""];
  },
  read({ pictures, methods, look }, x, y) {
    const metres = depthAt(pictures[0], x, y);
    return { metres, text: depthWords(metres, methods[0], look.scale) };
  },
  inside: ({ pictures, methods }, x, y) => [shortWords(depthWords(depthAt(pictures[0], x, y), methods[0]))],
  title: ([own]) => own,
  legend: (state) =>
    showsMetres(state)
      ? {
          bar: "depth",
          what: "depth",
          ends: ["near", "far"],
          unit: "metres",
          scale: depthScale(state),
          active: true,
        }
      : null,
};
