/**
 * Frames worth coming back to, kept per gallery in this browser. What is read back is checked like any input.
 *
 * @import { Gallery, State } from "./types.js"
 *
 * @typedef {object} Favorite
 * @property {string} frame  id of the frame
 * @property {string} query  the view as it was kept
 */
import { knownFrames } from "./frames.js";
import { currentFrame } from "./selectors.js";
import { formatView } from "./url.js";

/** @param {string} gallery */
const storageKey = (gallery) => `tiekd:favorites:${gallery}`;

/** What is stored for a gallery; null where nothing is, or storage is switched off. @param {string} gallery */
function storedText(gallery) {
  try {
    return localStorage.getItem(storageKey(gallery));
  } catch {
    return null;
  }
}

/** @param {string} gallery @returns {Favorite[]} */
export function readFavorites(gallery) {
  try {
    const stored = JSON.parse(storedText(gallery) ?? "[]");
    if (!Array.isArray(stored)) return [];
    return stored.filter(
      (f) => typeof f?.frame === "string" && typeof f?.query === "string" && f.query.startsWith("?"),
    );
  } catch {
    return []; // storage holds something else
  }
}

/** @param {string} gallery @param {Favorite[]} favorites @returns {boolean} whether it could be stored */
function writeFavorites(gallery, favorites) {
  try {
    if (favorites.length) localStorage.setItem(storageKey(gallery), JSON.stringify(favorites));
    else localStorage.removeItem(storageKey(gallery));
    return true;
  } catch {
    return false;
  }
}

/** Keep the frame on show, and how it is looked at. @param {State} state @returns {boolean} */
export function keepFavorite(state) {
  const frame = currentFrame(state);
  if (!frame || !state.gallery) return false;
  const others = readFavorites(state.gallery.id).filter((favorite) => favorite.frame !== frame.id);
  const query = formatView({ ...state.view, indexes: null });
  return writeFavorites(state.gallery.id, [...others, { frame: frame.id, query }]);
}

/** @param {string} gallery @param {string} frame @returns {boolean} whether it was one */
export function removeFavorite(gallery, frame) {
  const all = readFavorites(gallery);
  const left = all.filter((favorite) => favorite.frame !== frame);
  return left.length < all.length && writeFavorites(gallery, left);
}

/** @param {string} gallery */
export const clearFavorites = (gallery) => writeFavorites(gallery, []);

/** @type {WeakMap<Gallery, {text: string|null, indexes: number[]}>} each gallery's last answer */
const answers = new WeakMap();

/**
 * Numbers of the favourite frames in a gallery, ascending. A render asks several times, so the answer is kept as
 * long as the gallery and what is stored are the same.
 * @param {State} state @returns {readonly number[]}
 */
export function favoriteIndexes({ gallery }) {
  if (!gallery) return [];
  const text = storedText(gallery.id);
  const known = answers.get(gallery);
  if (known?.text === text) return known.indexes;
  const ids = new Set(readFavorites(gallery.id).map((favorite) => favorite.frame));
  const indexes = knownFrames(gallery).flatMap(([index, frame]) => (ids.has(frame.id) ? [index] : []));
  answers.set(gallery, { text, indexes });
  return indexes;
}
