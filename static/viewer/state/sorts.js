/**
 * The orders of frames and the errors that they go by, as words. Nothing here runs.
 */

/** The orders, in the order of the key that walks through them. */
export const SORTS = /** @type {const} */ (["name", "worst", "best", "regression", "gain"]);

/** What each order is called. @type {Readonly<Record<typeof SORTS[number], string>>} */
export const SORT_WORDS = Object.freeze({
  name: "by name",
  worst: "worst first",
  best: "best first",
  regression: "most behind the baseline",
  gain: "most ahead of the baseline",
});

/** The metrics of frames, as the server calls them. */
export const METRIC_NAMES = /** @type {const} */ (["abs_rel", "rmse", "delta1", "silog"]);

/** @typedef {typeof METRIC_NAMES[number]} Metric */

/**
 * How each is written. `error`: how bad a value is, larger is worse.
 * @type {Readonly<Record<Metric, {words: string, error: (value: number) => number, digits: number}>>}
 */
export const METRICS = Object.freeze({
  abs_rel: { words: "AbsRel", error: (value) => value, digits: 3 },
  rmse: { words: "RMSE", error: (value) => value, digits: 2 },
  delta1: { words: "1 − δ1", error: (value) => 1 - value, digits: 3 },
  silog: { words: "SILog", error: (value) => value, digits: 1 },
});

/** The word of a filter that means the favourites. */
export const FAVORITE = "is:favourite";
