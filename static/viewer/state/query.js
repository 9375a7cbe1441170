/**
 * Query strings, one value at a time. Pure. What can't be understood is `undefined`.
 *
 * @import { BoxChoice } from "../paint/boxes.js"
 */

/**
 * Values by key, not yet decoded: a separator inside a name is escaped, one between names is not, and decoding
 * would make them the same.
 * @param {string} search  `location.search`
 * @returns {Map<string, string>}
 */
export function rawValues(search) {
  /** @type {Map<string, string>} */
  const raw = new Map();
  for (const part of search.replace(/^\?/, "").split("&")) {
    const equals = part.indexOf("=");
    if (equals > 0) raw.set(decode(part.slice(0, equals)), part.slice(equals + 1));
  }
  return raw;
}

/** @param {string} text */
export function decode(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // a stray "%" in a hand-written link
  }
}

/** A name in the form that `names` reads: "*" separates names, so inside a name it is escaped. @param {string} name */
export const escapeName = (name) => encodeURIComponent(name).replaceAll("*", "%2A");

/** Names with "*" or "," between them. @param {string|undefined} text */
export const names = (text = "") =>
  text
    .split(/[*,]/)
    .map(decode)
    .filter((name) => name !== "");

/** A whole number from 0. 0 is a number like any other. @param {string|undefined} text */
export function whole(text) {
  return text !== undefined && /^\d{1,9}$/.test(decode(text).trim()) ? Number(decode(text)) : undefined;
}

/** @param {string|undefined} text @param {RegExp} separator @returns {number[]} */
export function numbers(text, separator) {
  if (text === undefined) return [];
  return decode(text)
    .split(separator)
    .filter((part) => part.trim() !== "")
    .map(Number);
}

/** Two numbers. @param {string|undefined} text @param {RegExp} separator @returns {[number, number]|undefined} */
export function pair(text, separator) {
  const [a, b, ...more] = numbers(text, separator);
  return b !== undefined && more.length === 0 ? [a, b] : undefined;
}

/** From one number of metres to a larger one. @param {string|undefined} text */
export function parseRange(text) {
  const range = pair(text, /\.\.|,/);
  return range && range[0] >= 0 && range[0] < range[1] ? range : undefined;
}

/** @param {string|undefined} text @returns {BoxChoice|undefined} */
export function parseBox(text) {
  if (text === "none" || text === "garg" || text === "eigen") return text;
  const [x, y, width, height, ...more] = numbers(text, /,/);
  const whole = [x, y, width, height].every((n) => Number.isInteger(n) && n >= 0);
  return whole && width > 0 && height > 0 && more.length === 0 ? [x, y, width, height] : undefined;
}

/** Numbers of frames, each once. @param {string|undefined} text */
export function parseIndexes(text) {
  const found = numbers(text, /[*,.]/).filter((index) => Number.isInteger(index) && index >= 0);
  return found.length ? [...new Set(found)] : undefined;
}

/** A number from 0 to 1. @param {string|undefined} text */
export function parseShare(text) {
  const value = Number(text);
  return text && value >= 0 && value <= 1 ? value : undefined;
}
