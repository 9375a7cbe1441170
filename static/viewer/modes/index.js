/**
 * All modes. Help, legend and panes go through this list.
 *
 * @import { Method, State } from "../state/types.js"
 * @import { Mode } from "./mode.js"
 */
import { colorDifference } from "./color-difference.js";
import { colors } from "./colors.js";
import { delta1 } from "./delta1.js";
import { depth } from "./depth.js";
import { difference } from "./difference.js";
import { error } from "./error.js";
import { gain } from "./gain.js";
import { photo } from "./photo.js";
import { relative } from "./relative.js";

/**
 * General modes first, special ones after them: of those that suit a pane, the last is taken. So a new mode need
 * not be known to the others. The help has the same order.
 * @type {readonly Mode<any, any>[]}
 */
export const MODES = Object.freeze([
  photo,
  depth,
  colors,
  difference,
  relative,
  delta1,
  error,
  gain,
  colorDifference,
]);

/** The mode of a method's pane (of the photo's: null). @param {State} state @param {Method|null} method */
export function modeFor(state, method) {
  return MODES.findLast(({ suits }) => suits(state, method)) ?? photo;
}
