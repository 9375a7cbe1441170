/**
 * What presses on the pictures have in common.
 */

/** A pointer that moves less than this many CSS pixels has not moved: hands are not that steady. */
const SLOP = 4;

/**
 * @param {{clientX: number, clientY: number}} from
 * @param {{clientX: number, clientY: number}} to
 */
export const isFar = (from, to) => Math.hypot(to.clientX - from.clientX, to.clientY - from.clientY) > SLOP;

/** The stage under an event; null beside the pictures and on controls that lie over them. @param {{target: EventTarget|null}} event */
export function stageUnder({ target }) {
  if (!(target instanceof Element) || target.closest("button, input, .minimap")) return null;
  return target.closest(".stage");
}
