/**
 * Finding a frame by a few letters of its name, or by its number.
 *
 * @import { State } from "../state/types.js"
 * @import { Choice, Finding } from "./finder.js"
 */
import { frameAt, knownFrames } from "../state/frames.js";
import { ranked } from "../state/fuzzy.js";

/** Rows of the list. */
const MOST = 50;

/** @typedef {Choice & {index: number}} FrameChoice */

/** @param {State} state @param {(index: number) => void} go @returns {Finding} */
export function frameFinding({ gallery }, go) {
  const all = knownFrames(gallery);
  const choiceOf = (/** @type {number} */ index, /** @type {string} */ title) => ({
    name: title,
    note: String(index),
    index,
  });
  return {
    title: "Jump to a frame",
    hint: "Type some letters of its name, or its number. ↑ ↓ choose, Enter goes there.",
    search(query) {
      const fitting = ranked(query, all, ([, frame]) => frame.title);
      const numbered = /^\d+$/.test(query) ? frameAt(gallery, Number(query)) : null;
      const rows = fitting.filter(([, frame]) => frame !== numbered);
      const first = numbered ? [choiceOf(Number(query), numbered.title)] : [];
      const choices = [
        ...first,
        ...rows.slice(0, MOST).map(([index, frame]) => choiceOf(index, frame.title)),
      ];
      return { choices, more: Math.max(0, rows.length - MOST) };
    },
    choose: (choice) => go(/** @type {FrameChoice} */ (choice).index),
  };
}
