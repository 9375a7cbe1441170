/**
 * What a field of the view is, and the kinds that occur more than once. The fields themselves are in fields.js.
 *
 * @import { Gallery } from "./types.js"
 * @import { ModeName } from "./comparison.js"
 *
 * @typedef {object} Place  What `fit` may look at.
 * @property {Gallery} gallery
 * @property {string[]} targets
 * @property {number} index
 * @property {number[]|null} indexes
 * @property {string|null} truth
 * @property {number} reference
 * @property {ModeName} mode
 * @property {number} diff
 * @property {boolean} signed
 */

/**
 * @template T
 * @typedef {object} Field
 * @property {string} key  Name in the address.
 * @property {T} initial  What an address means that doesn't name the field.
 * @property {(text: string|undefined, raw: ReadonlyMap<string, string>) => T|undefined} parse
 *   `text` as it stands in the address; `undefined` = the initial value.
 * @property {(value: T) => string} format  The text that `parse` reads back as the same value.
 * @property {string} allowed  The values that there are, in words.
 * @property {(value: T, at: Place) => T} [fit]  Brings the value within the gallery. Fields that stand earlier in
 *   the table have been fitted before.
 * @property {readonly T[]} [choices]  All values, for a key that walks through them.
 * @property {boolean} [always]  Named in the address even with its initial value.
 * @property {boolean} [step]  A change is a place that the Back button returns from.
 * @property {(value: T) => unknown} [place]  What of the value counts for that, where it is not all.
 * @property {boolean} [personal]  The visitor's own: an address may name it, but no address is written with it.
 * @property {readonly ("gallery"|"link")[]} [stays]  Keeps its value when the visitor chooses another gallery, or
 *   follows a link inside the page.
 * @property {boolean} [hook]  Also stands as a `data-` attribute of the page's root, for styles and scripts.
 */

/**
 * @template T
 * @param {T} initial
 * @param {Omit<Field<T>, "initial">} rest
 * @returns {Field<T>}
 */
export const field = (initial, rest) => ({ initial, ...rest });

/**
 * A field with a few named values, the first is the initial one.
 * @template {string} T
 * @param {readonly T[]} choices
 * @param {Omit<Field<NoInfer<T>>, "initial"|"choices"|"parse"|"format"|"allowed">} rest
 * @returns {Field<T>}
 */
export const choice = (choices, rest) => ({
  initial: choices[0],
  choices,
  parse: (text) => choices.find((name) => name === text),
  format: String,
  allowed: choices.join(", "),
  ...rest,
});

/** A field that is on or off, at first off. @param {Omit<Field<boolean>, "initial"|"parse"|"format"|"allowed">} rest @returns {Field<boolean>} */
export const flag = (rest) => ({
  initial: false,
  parse: (text) => (text === "0" || text === "1" ? text === "1" : undefined),
  format: (value) => (value ? "1" : "0"),
  allowed: "true or false (in an address: 1 or 0)",
  ...rest,
});
