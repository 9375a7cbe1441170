/**
 * How good each method is on each frame: what the server has told so far, and what follows from it. Pure.
 *
 * @import { Sources } from "./declared.js"
 * @import { Metric } from "./sorts.js"
 * @import { Method, State } from "./types.js"
 *
 * @typedef {object} ScoresQuery  What is asked for.
 * @property {string} gallery
 * @property {string|undefined} version  of the gallery's listing
 * @property {string} against  id of the method that counts as true
 * @property {boolean} isTruth
 * @property {Sources} sources  how its methods were read: the gallery's, which the view may be ahead of
 * @property {string[]} methods
 * @property {Metric} metric
 * @property {string} box
 * @property {number[]|null} cap  metres; null: the gallery's range
 *
 * @typedef {object} ScoresPart  An answer: the frames from `first` to `done`.
 * @property {number} first
 * @property {number} done
 * @property {number} of
 * @property {Record<string, (number|null)[]>} scores
 * @property {string} [why]  none are known, in a sentence
 *
 * @typedef {object} Scores
 * @property {ScoresQuery} query
 * @property {number} done  The first so many frames are scored.
 * @property {number} of  0: the gallery's source knows no errors
 * @property {Record<string, (number|null)[]>} values  by method
 * @property {string} [why]  none are known, in a sentence
 */
import {
  baselineOf,
  isSameMethod,
  measuredAgainst,
  statRuleOf,
  truthOf,
  visibleMethods,
} from "./selectors.js";
import { METRICS } from "./sorts.js";

/** The methods whose errors the filmstrip shows. @param {State} state @returns {Method[]} */
export function scoredMethods(state) {
  const against = measuredAgainst(state);
  const shown = visibleMethods(state).filter(({ unit, id }) => unit === "m" && id !== against?.id);
  const one = state.gallery?.methods.find(({ id }) => id === state.view.by);
  return one ? [one] : shown;
}

/** Whether an order needs the baseline. @param {State["view"]} view */
export const isRelative = ({ sort }) => sort === "regression" || sort === "gain";

/**
 * What to ask the server for; null where nothing can be compared or nobody looks at it.
 * @param {State} state @returns {ScoresQuery|null}
 */
export function scoresWanted(state) {
  const { gallery, view } = state;
  const against = measuredAgainst(state);
  const methods = scoredMethods(state);
  const looked = view.strip === "on" || view.sort !== "name" || /[<>]/.test(view.filter);
  if (!gallery || !against || !methods.length || !looked || gallery.scan) return null;
  const baseline = isRelative(view) ? baselineOf(state) : null;
  const ids = new Set([...methods, ...(baseline ? [baseline] : [])].map(({ id }) => id));
  return {
    gallery: gallery.id,
    version: gallery.version,
    against: against.id,
    isTruth: isSameMethod(against, truthOf(state)),
    sources: Object.fromEntries(
      gallery.methods.flatMap(({ id, read_as }) => (read_as ? [[id, read_as]] : [])),
    ),
    box: String(view.box),
    cap: view.cap && [...statRuleOf(state).cap],
    methods: [...ids].sort(),
    metric: view.metric,
  };
}

/** Whether two questions have the same answer. @param {ScoresQuery|null} a @param {ScoresQuery|null} b */
export const sameQuery = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * The scores that are known, if they were measured as the view asks by now; those of other methods may be missing.
 * @param {State} state @returns {Scores|null}
 */
export function fittingScores(state) {
  const { scores } = state;
  const wanted = scores && scoresWanted(state);
  const { methods } = scores?.query ?? { methods: [] };
  return wanted && sameQuery(scores.query, { ...wanted, methods }) ? scores : null;
}

/** The scores with one more answer. @param {Scores|null} scores @param {ScoresQuery} query @param {ScoresPart} part @returns {Scores} */
export function withPart(scores, query, { first, done, of, scores: more, why }) {
  const before = scores && sameQuery(scores.query, query) && first > 0 ? scores.values : {};
  const values = Object.entries(more).map(([id, column]) => [
    id,
    [...(before[id] ?? []).slice(0, first), ...column],
  ]);
  return { query, done, of, values: Object.fromEntries(values), why };
}

/**
 * The error of some methods on a frame: their mean, over those that have one; NaN where none has.
 * @param {Scores} scores @param {readonly Method[]} methods @param {number} index
 */
export function errorOf({ query, values }, methods, index) {
  let [sum, count] = [0, 0];
  for (const { id } of methods) {
    const value = values[id]?.[index];
    if (value === null || value === undefined) continue;
    sum += METRICS[query.metric].error(value);
    count++;
  }
  return count ? sum / count : NaN;
}

/** Errors of all frames, by their number; NaN where there is none yet. @param {State} state @returns {Float64Array} */
export function errorsOf(state) {
  const scores = fittingScores(state);
  const count = state.gallery?.frames.length ?? 0;
  const methods = scoredMethods(state);
  return Float64Array.from({ length: count }, (_, i) => (scores ? errorOf(scores, methods, i) : NaN));
}
