/**
 * Finding names by a few of their letters. Pure.
 */

/** Points of a letter that begins a word or number, and of one that follows the letter before. */
const AT_WORD = 8;
const IN_ROW = 5;
/** Points of a word that the name has as a word of its own. */
const ALONE = 4;
/** Points lost for each letter of the name that is not in the query: of two that fit alike, the shorter is first. */
const LEFT_OVER = 0.05;

/**
 * How well a name fits a query: all letters of each of its words, in order, with gaps. Null when it doesn't fit.
 * @param {string} query @param {string} name
 */
export function fit(query, name) {
  const text = name.toLowerCase();
  let points = 0;
  for (const word of query.toLowerCase().split(/\s+/)) {
    const found = word && fitWord(word, text, name);
    if (found === null) return null;
    points += Number(found);
  }
  return points - LEFT_OVER * name.length;
}

/** Whether a name holds each word of a query as it stands. @param {string} query @param {string} name */
export function holds(query, name) {
  const text = name.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** @param {string} word @param {string} text in lower case @param {string} name as it is written */
function fitWord(word, text, name) {
  const whole = text.indexOf(word);
  let best = null;
  // A word as a whole may stand in several places; scattered letters are looked for once, from the front.
  for (let at = whole; at >= 0; at = text.indexOf(word, at + 1)) {
    const begins = beginsWord(name, at);
    const alone = begins && !/[\p{L}\p{N}]/u.test(name[at + word.length] ?? " ");
    const points = word.length * (1 + IN_ROW) + (begins ? AT_WORD : 0) + (alone ? ALONE : 0);
    best = Math.max(best ?? points, points);
  }
  return best ?? scattered(word, text, name);
}

/** @param {string} word @param {string} text @param {string} name */
function scattered(word, text, name) {
  let [points, last] = [0, -2];
  for (const letter of word) {
    const at = text.indexOf(letter, last < 0 ? 0 : last + 1);
    if (at < 0) return null;
    points += 1 + (at === last + 1 ? IN_ROW : 0) + (beginsWord(name, at) ? AT_WORD / 2 : 0);
    last = at;
  }
  return points;
}

/** Whether a word, a number or a capital begins here. @param {string} name @param {number} at */
function beginsWord(name, at) {
  if (at === 0) return true;
  const [before, here] = [name[at - 1], name[at]];
  if (/[^\p{L}\p{N}]/u.test(before)) return /[\p{L}\p{N}]/u.test(here);
  return (/\p{N}/u.test(here) && !/\p{N}/u.test(before)) || (/\p{Lu}/u.test(here) && /\p{Ll}/u.test(before));
}

/**
 * The items whose name fits, the best first and those that fit alike in their own order.
 * @template T
 * @param {string} query @param {readonly T[]} items @param {(item: T) => string} nameOf @param {number} [most]
 * @returns {T[]}
 */
export function ranked(query, items, nameOf, most = Infinity) {
  /** @type {{item: T, points: number}[]} */
  const found = [];
  for (const item of items) {
    const points = fit(query, nameOf(item));
    if (points !== null) found.push({ item, points });
  }
  if (query.trim()) found.sort((a, b) => b.points - a.points);
  return found.slice(0, most).map(({ item }) => item);
}
