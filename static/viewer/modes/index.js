/**
 * All modes. Help, legend and panes go through this list.
 *
 * @import { Method, State } from "../state/types.js"
 * @import { Mode } from "./mode.js"
 */
import { colorDifference } from "./color-difference.js";
import { colors } from "./colors.js";
import { depth } from "./depth.js";
import { difference } from "./difference.js";
import { photo } from "./photo.js";

/** @type {readonly Mode<any, any>[]} In the order of the help. */
export const MODES = Object.freeze([photo, depth, colors, difference, colorDifference]);

/** The mode of a method's pane (of the photo's: null). @param {State} state @param {Method|null} method */
export function modeFor(state, method) {
  const mode = MODES.find(({ suits }) => suits(state, method));
  if (!mode) throw new Error(`No mode suits ${method?.id ?? "the photo"}.`); // a gap in the modes' own rules
  return mode;
}
