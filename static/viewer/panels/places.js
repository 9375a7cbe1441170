/**
 * Which pane stands where in a layout. Pure.
 *
 * @import { State } from "../state/types.js"
 *
 * @typedef {"grid"|"large"|"over"|"under"|"strip"} PaneName  "over": lies on the right part of the large one (split);
 *   "under": lies below it (the photo of an overlay).
 */
import { PHOTO } from "../sources/wishes.js";
import { keptOf, referenceOf, truthOf } from "../state/selectors.js";

/**
 * The place of each pane, in the order of their ids.
 * @param {State} state @param {string[]} ids  of the panes: the photo and the methods on show
 * @returns {PaneName[]}
 */
export function placesOf(state, ids) {
  const { layout } = state.view;
  if (layout === "grid") return ids.map(() => "grid");
  const large = focusOf(state, ids);
  const over = layout === "split" ? besideOf(state, ids) : null;
  const under = layout === "overlay" && large !== PHOTO ? PHOTO : null;
  return ids.map((id) => (id === large ? "large" : id === over ? "over" : id === under ? "under" : "strip"));
}

/** The pane that is large: the chosen one, else the first that is no ground truth. @param {State} state @param {string[]} ids */
export function focusOf(state, ids) {
  const { focus, layout } = state.view;
  // A photo over itself would be no overlay.
  const methods = ids.filter((id) => id !== PHOTO);
  const able = layout === "overlay" && methods.length ? methods : ids;
  if (focus !== null && able.includes(focus)) return focus;
  const truth = truthOf(state)?.id;
  return methods.find((id) => id !== truth) ?? methods[0] ?? ids[0];
}

/** The other one of a split: the chosen one, else `comparisonFor` the large one. @param {State} state @param {string[]} ids */
export function besideOf(state, ids) {
  const [{ beside }, focus] = [state.view, focusOf(state, ids)];
  return beside && beside !== focus && ids.includes(beside) ? beside : comparisonFor(focus, state, ids);
}

/** What a pane is looked at with: the reference of the difference, the kept one, the truth, or another. @param {string} id @param {State} state @param {string[]} ids */
export function comparisonFor(id, state, ids) {
  const usual = [referenceOf, keptOf, truthOf].map((of) => of(state)?.id);
  return (
    [...usual, ...methodsFirst(ids)].find((other) => other && other !== id && ids.includes(other)) ?? null
  );
}

/** @param {string[]} ids */
const methodsFirst = (ids) => [...ids.filter((id) => id !== PHOTO), PHOTO];

/** The next method after one, around the end. @param {string[]} ids @param {string|null} from @param {number} by @param {string|null} except */
export function neighbour(ids, from, by, except) {
  const able = ids.filter((id) => id !== PHOTO && (id === from || id !== except));
  const at = able.indexOf(from ?? "");
  return able.length ? able[(at + by + able.length) % able.length] : null;
}
