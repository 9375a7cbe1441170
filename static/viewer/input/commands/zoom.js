/**
 * Which part of the pictures is shown, by keys.
 *
 * @import { Command, Page } from "./command.js"
 */
import { nextStop } from "../../state/window.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function zoomCommands({ zoom }) {
  return {
    "zoom-in": () => zoom((scale, fit) => nextStop(scale, 1, fit)),
    "zoom-out": () => zoom((scale, fit) => nextStop(scale, -1, fit)),
    "zoom-fit": () => zoom((_scale, fit) => fit),
    "zoom-pixels": () => zoom(() => 1),
  };
}
