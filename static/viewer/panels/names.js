/**
 * Names and colours of methods, wherever the page shows them.
 *
 * @import { Method } from "../state/types.js"
 */
import { headAndTail } from "../state/labels.js";
import { h } from "./dom.js";

/** A name that is cut before its end where there is no room. @param {string} label */
export function nameOf(label) {
  const [head, tail] = headAndTail(label);
  return h("span", { class: "cut-name" }, h("span", {}, head), tail ? h("span", {}, tail) : null);
}

/** The colour of a method, as attributes that viewer.css knows. @param {Pick<Method, "family"|"tint">} method */
export const colourOf = ({ family, tint }) => (tint === undefined ? { family } : { family, tint });
