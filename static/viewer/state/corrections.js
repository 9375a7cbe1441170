/**
 * What an address asks for and does not get. Nothing is corrected in silence: each correction names the field, the
 * value, and what was taken instead. Pure.
 *
 * @import { View } from "./fields.js"
 *
 * @typedef {object} Correction
 * @property {string} asked  as the address writes it, like `index=99`
 * @property {string} taken  the value only
 */
import { ENTRIES } from "./fields.js";
import { decode, rawValues } from "./query.js";

/** What other programs add to addresses when links are passed on. */
const OTHERS = /^(utm_.*|fbclid|gclid|msclkid|mc_[ce]id|igsh|ref_src|_ga|_gl|si)$/;

/** Fields of an address that the page does not know, as a sentence; null when there are none. @param {string} search */
export function strangersOf(search) {
  const known = new Set(ENTRIES.map(([, { key }]) => key));
  const strangers = [...rawValues(search).keys()].filter((key) => !known.has(key) && !OTHERS.test(key));
  return strangers.length ? `Unknown here: ${strangers.join(", ")}.` : null;
}

/** Values of an address that can't be understood. @param {string} search  `location.search` @returns {Correction[]} */
export function misread(search) {
  const raw = rawValues(search);
  return ENTRIES.flatMap(([, { key, parse, format, initial }]) => {
    const text = raw.get(key);
    if (text === undefined || text === "" || parse(text, raw) !== undefined) return [];
    return [{ asked: `${key}=${decode(text)}`, taken: format(initial) }];
  });
}

/**
 * Values of a view that its gallery has no room for. A value that the address need not name asks for nothing. Names of
 * methods are not among them: the loader says those.
 * @param {Partial<View>} asked @param {View} taken  the view that came of it
 * @param {ReadonlySet<string>|null} [named]  the fields that the link names, by their keys: others only followed from them
 * @returns {Correction[]}
 */
export function misfits(asked, taken, named = null) {
  return ENTRIES.flatMap(([name, { key, fit, format, initial, always }]) => {
    const value = asked[name];
    if (!fit || value === undefined || name === "targets") return [];
    if (named ? !named.has(key) : value === initial && !always) return [];
    if (format(value) === format(taken[name])) return [];
    return [{ asked: `${key}=${format(value)}`, taken: format(taken[name]) }];
  });
}

/** Corrections as a sentence; null when there are none. @param {readonly Correction[]} corrections */
export function wordsOf(corrections) {
  if (corrections.length === 0) return null;
  const parts = corrections.map(({ asked, taken }) => `${asked} (taken: ${taken || "none"})`);
  return `Not possible here: ${parts.join(", ")}.`;
}
