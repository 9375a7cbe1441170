/**
 * What the comparing modes share: who is compared with whom, and whether their pictures can be.
 *
 * @import { Method, Picture, State } from "../state/types.js"
 */
import { comparedOf } from "../state/selectors.js";

/**
 * The method that a pane is compared with; null for the photo, for the reference itself and while nothing is compared.
 * @param {State} state @param {Method|null} method @returns {Method|null}
 */
export function counterpart(state, method) {
  const reference = comparedOf(state);
  return method && reference && reference.id !== method.id ? reference : null;
}

/**
 * Why two pictures can't be compared pixel by pixel; null when they can.
 * @param {Picture[]} pictures @param {(Method|null)[]} methods
 */
export function mismatch([own, reference], [, method]) {
  const { width, height } = reference;
  if (own.width === width && own.height === height) return null;
  return `this picture is ${own.width} × ${own.height}, ${method?.label} is ${width} × ${height}`;
}

/** The same, for modes that need metres on both sides. @param {Picture[]} pictures @param {(Method|null)[]} methods */
export function mismatchInMetres(pictures, methods) {
  const inMetres = pictures.every((picture) => picture.unit === "m");
  const mixed = inMetres ? null : `this picture and ${methods[1]?.label} are not both in metres`;
  return mismatch(pictures, methods) ?? mixed;
}

/** @param {string[]} ids */
export const comparedTitle = ([own, reference]) => `${own} minus ${reference}`;
