/**
 * In which order the arrows walk, and which frames they leave out. Pure, but for `keepOrder`.
 *
 * @import { State } from "./types.js"
 * @import { Store } from "./store.js"
 */
import { favoriteIndexes } from "./favorites.js";
import { countOf, frameAt } from "./frames.js";
import { errorOf, errorsOf, fittingScores, isRelative, sameQuery, scoresWanted } from "./scores.js";
import { baselineOf, KEEP_ONE } from "./selectors.js";
import { FAVORITE, SORT_WORDS, SORTS } from "./sorts.js";

export const NO_ERRORS = "The errors of these frames are not known.";

const NOTHING_TO_SORT_BY = "There is no ground truth to sort by: press a number to compare with a method.";

/**
 * A filter as a test of a frame: words that its name must hold, limits of its error (">0.1"), "is:favourite".
 * @param {string} text
 * @returns {(frame: {title: string, error: number, favorite: boolean}) => boolean}
 */
export function parseFilter(text) {
  const tests = text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .map((word) => {
      const limit = /^([<>])=?(\d*\.?\d+)$/.exec(word);
      if (limit)
        return (/** @type {{error: number}} */ { error }) =>
          limit[1] === ">" ? error > Number(limit[2]) : error < Number(limit[2]);
      if (word === FAVORITE) return (/** @type {{favorite: boolean}} */ { favorite }) => favorite;
      return (/** @type {{title: string}} */ { title }) => title.toLowerCase().includes(word);
    });
  return (frame) => tests.every((test) => test(frame));
}

/**
 * The frames to walk, in their order; null for all as they are. Frames without an error come last.
 * @param {State} state @returns {number[]|null}
 */
export function orderOf(state) {
  const { gallery, view } = state;
  const scores = fittingScores(state);
  if (!gallery || (view.sort === "name" && !view.filter.trim())) return null;
  const errors = errorsOf(state);
  const all = view.indexes ?? Array.from({ length: countOf(gallery) }, (_, i) => i);
  const kept = view.filter.trim() ? filtered(state, all, errors) : [...all];
  if (view.sort === "name") return kept;
  const baseline = baselineOf(state);
  const key = (/** @type {number} */ index) => {
    if (view.sort === "worst" || view.sort === "best") return errors[index];
    return scores && baseline ? errors[index] - errorOf(scores, [baseline], index) : NaN;
  };
  const sign = view.sort === "worst" || view.sort === "regression" ? -1 : 1;
  const keys = new Map(kept.map((index) => [index, sign * key(index)]));
  return kept.sort((a, b) => compare(keys.get(a) ?? NaN, keys.get(b) ?? NaN) || a - b);
}

/**
 * Why frames can't be in this order, in a sentence; null where they can, and as long as that is not known.
 * @param {State} state @param {State["view"]["sort"]} sort @returns {string|null}
 */
export function whyNotInOrder(state, sort) {
  const asked = { ...state, view: { ...state.view, sort } };
  if (!state.gallery || sort === "name") return null;
  if (!scoresWanted(asked)) return state.gallery.scan ? null : NOTHING_TO_SORT_BY;
  if (isRelative(asked.view) && !baselineOf(asked)) return `This order needs a baseline. ${KEEP_ONE}`;
  const scores = fittingScores(asked);
  return scores?.of === 0 ? (scores.why ?? NO_ERRORS) : null;
}

/**
 * The order after that on show, of those that are possible, and why one between is not.
 * @param {State} state @returns {{sort: State["view"]["sort"], why: string|null}}
 */
export function nextOrder(state) {
  const at = SORTS.indexOf(state.view.sort);
  const others = [...SORTS.slice(at + 1), ...SORTS.slice(0, at + 1)];
  const whys = others.map((sort) => whyNotInOrder(state, sort));
  const next = whys.indexOf(null);
  return { sort: others[next], why: whys.slice(0, next)[0] ?? null };
}

/** The order on show in a sentence. @param {State} state */
export function orderWords(state) {
  const baseline = isRelative(state.view) ? baselineOf(state) : null;
  return `Frames ${SORT_WORDS[state.view.sort]}${baseline ? `: ${baseline.label}` : ""}.`;
}

/** Smaller numbers first, NaN last. @param {number} a @param {number} b */
function compare(a, b) {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b;
}

/** @param {State} state @param {number[]} indexes @param {Float64Array} errors */
function filtered(state, indexes, errors) {
  const fits = parseFilter(state.view.filter);
  const favorites = new Set(favoriteIndexes(state));
  return indexes.filter((index) => {
    const title = frameAt(state.gallery, index)?.title;
    return title !== undefined && fits({ title, error: errors[index], favorite: favorites.has(index) });
  });
}

/**
 * Keeps the order of the walk up to date, and stable: while errors arrive, it stays as it was when it was chosen,
 * until all are there. Returns what makes it anew at once.
 * @param {Store} store
 */
export function keepOrder(store) {
  const renew = () => {
    const order = orderOf(store.get());
    if (JSON.stringify(order) !== JSON.stringify(store.get().order))
      store.dispatch({ type: "order/set", order });
  };
  store.subscribe((now, before, { type }) => {
    if (type !== "order/set" && asksForAnother(now, before)) renew();
  });
  return renew;
}

/** @param {State} now @param {State} before */
function asksForAnother(now, before) {
  const { view, gallery, scores } = now;
  if (view.sort === "name" && !view.filter.trim()) return now.order !== null;
  const chosen = (/** @type {State["view"]} */ v) =>
    JSON.stringify([
      ...[v.sort, v.filter, v.by, v.metric, v.indexes],
      v.sort === "name" ? null : v.targets,
      isRelative(v) ? v.reference : null,
    ]);
  const frames = view.filter.trim() ? gallery?.frames !== before.gallery?.frames : false;
  if (gallery?.version !== before.gallery?.version || frames || chosen(view) !== chosen(before.view))
    return true;
  const first = scores !== null && !sameQuery(scores.query, before.scores?.query ?? null);
  const last = scores !== null && scores.done === scores.of && before.scores?.done !== scores.done;
  return first || last;
}

/** Whether errors are still to come on which the order depends. @param {State} state */
export function isUnsettled(state) {
  const wanted = scoresWanted(state);
  if (!wanted || (state.view.sort === "name" && !/[<>]/.test(state.view.filter))) return false;
  const { scores } = state;
  return !scores || !sameQuery(scores.query, wanted) || scores.done < scores.of;
}
