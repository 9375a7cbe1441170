/**
 * The view as a query string and back. Pure; the fields are those of `fields.js`.
 *
 *     ?gallery=demo&index=3&targets=A*B&indexes=0*3*7&diff=2&cmap=turbo_r&range=1..40&pixel=610,220
 *
 * Links of the original viewer (`targets`, `index`, `indexes`, with "*" or "," between the values) mean the same
 * here. A value that can't be understood is left at its default; corrections.js says so.
 *
 * @import { View } from "./fields.js"
 */
import { ENTRIES } from "./fields.js";
import { rawValues } from "./query.js";

/**
 * @param {string} search  `location.search`
 * @returns {View}
 */
export function parseView(search) {
  const raw = rawValues(search);
  const values = ENTRIES.map(([name, { key, parse, initial }]) => [
    name,
    parse(raw.get(key), raw) ?? initial,
  ]);
  return /** @type {any} */ (Object.fromEntries(values));
}

/**
 * Query string of a view, "?" included. It names the index, and of the rest what is not the default.
 * @param {View} view
 */
export function formatView(view) {
  const named = ENTRIES.filter(
    ([name, { always, personal, initial }]) =>
      always || (!personal && JSON.stringify(view[name]) !== JSON.stringify(initial)),
  );
  return `?${named.map(([name, { key, format }]) => `${key}=${format(view[name])}`).join("&")}`;
}
