/**
 * Labels of methods where there is little room: what most of them share is said once, and what is too long is cut
 * before its end, because names differ at their ends. Pure.
 */

/** Labels up to this length are left as they are. */
const SHORT = 20;
/** What is shared must be at least so long: a shorter word is better read where it stands. */
const WORTH = 5;
/** So many of the labels must share it. */
const MOST = 0.75;
/** Letters at the end of a label that are never cut off. */
const TAIL = 10;

/**
 * @typedef {object} Labels
 * @property {string} prefix  what most labels begin with; often empty
 * @property {string} suffix  what most labels end with
 * @property {string} common  both in words, without the separators around them
 * @property {boolean} inAll  whether every label has both
 * @property {string[]} short  the labels in their order without what is said once
 */

/** @param {readonly string[]} labels @returns {Labels} */
export function shortened(labels) {
  if (labels.length < 2 || Math.max(...labels.map((label) => label.length)) <= SHORT)
    return { prefix: "", suffix: "", common: "", inAll: false, short: [...labels] };
  const parts = labels.map((label) => label.match(/[\p{L}\p{N}]+|[^\p{L}\p{N}]/gu) ?? []);
  const first = shared(parts);
  const begun = parts.map((words) => first.length > 0 && begins(words, first));
  const rest = parts.map((words, i) => (begun[i] ? words.slice(first.length) : words).reverse());
  const last = shared(rest);
  const ended = rest.map((words) => last.length > 0 && begins(words, last));
  const own = rest.map((words, i) => (ended[i] ? words.slice(last.length) : words).reverse().join(""));
  const [prefix, suffix] = [first.join(""), last.reverse().join("")];
  const common = [prefix, suffix].map(bare).filter(Boolean).join(" … ");
  return {
    prefix,
    suffix,
    common,
    inAll: common !== "" && labels.every((_label, i) => (!prefix || begun[i]) && (!suffix || ended[i])),
    // A name that would then be another's stays whole.
    short: own.map((name, i) => (own.filter((other) => other === name).length > 1 ? labels[i] : name)),
  };
}

/** Without spaces, dots and the like at either end. @param {string} text */
const bare = (text) => text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");

/** The words with which most lists begin, and after which each of those has more. @param {string[][]} lists */
function shared(lists) {
  const enough = Math.max(2, Math.ceil(MOST * lists.length));
  /** @type {string[]} */
  let found = [];
  for (;;) {
    /** @type {Map<string, number>} */
    const next = new Map();
    for (const words of lists) {
      const word = begins(words, found) && words.length > found.length + 1 ? words[found.length] : null;
      if (word !== null) next.set(word, (next.get(word) ?? 0) + 1);
    }
    const [word, count] = [...next].reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0]);
    if (count < enough) return found.join("").length >= WORTH ? found : [];
    found = [...found, word];
  }
}

/** Whether a list begins with others and has more. @param {string[]} words @param {string[]} first */
const begins = (words, first) => words.length > first.length && first.every((word, i) => word === words[i]);

/**
 * A label in two parts: the first may be cut where there is no room, the second stays.
 * @param {string} label @returns {[string, string]}
 */
export function headAndTail(label) {
  const letters = [...label];
  const at = letters.length > SHORT ? letters.length - TAIL : letters.length;
  return [letters.slice(0, at).join(""), letters.slice(at).join("")];
}

/** How many colours there are for methods of no known family; viewer.css has them. */
export const TINTS = 8;

/** The methods of a gallery with their colours. @template {{id: string, family: string}} M @param {readonly M[]} methods */
export function tinted(methods) {
  const tints = tintsOf(methods);
  return methods.map((method) => (tints.has(method.id) ? { ...method, tint: tints.get(method.id) } : method));
}

/**
 * A colour for each method that belongs to no known family. It follows from the method's name; where two names mean
 * the same colour, the later method in the gallery has the next that is free.
 * @param {readonly {id: string, family: string}[]} methods  all methods of a gallery
 * @returns {Map<string, number>}
 */
export function tintsOf(methods) {
  /** @type {Map<string, number>} */
  const tints = new Map();
  /** @type {Set<number>} */
  let taken = new Set();
  for (const { id } of methods.filter(({ family }) => family === "other")) {
    if (taken.size === TINTS) taken = new Set();
    let tint = hash(id) % TINTS;
    while (taken.has(tint)) tint = (tint + 1) % TINTS;
    taken.add(tint);
    tints.set(id, tint);
  }
  return tints;
}

/** FNV-1a. @param {string} text */
function hash(text) {
  let found = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) found = Math.imul(found ^ text.charCodeAt(i), 0x01000193);
  return found >>> 0;
}
