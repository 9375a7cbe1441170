/**
 * Frames worth coming back to, kept per gallery in this browser. What is read back is checked like any input.
 *
 * @import { State } from "./types.js"
 *
 * @typedef {object} Favorite
 * @property {string} frame  id of the frame
 * @property {string} query  the view as it was kept
 */
import { h } from "./dom.js";
import { closeButton } from "./help.js";
import { currentFrame } from "./store.js";
import { formatView } from "./url-state.js";

/** @param {string} gallery */
const storageKey = (gallery) => `tiekd:favorites:${gallery}`;

/** @param {string} gallery @returns {Favorite[]} */
export function readFavorites(gallery) {
  try {
    const stored = JSON.parse(localStorage.getItem(storageKey(gallery)) ?? "[]");
    if (!Array.isArray(stored)) return [];
    return stored.filter(
      (f) => typeof f?.frame === "string" && typeof f?.query === "string" && f.query.startsWith("?"),
    );
  } catch {
    return []; // storage is switched off, or holds something else
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

/** Numbers of the favourite frames in a gallery, ascending. @param {State} state */
export function favoriteIndexes({ gallery }) {
  if (!gallery) return [];
  const ids = new Set(readFavorites(gallery.id).map((favorite) => favorite.frame));
  return gallery.frames.flatMap((frame, i) => (ids.has(frame.id) ? [i] : []));
}

/** @param {HTMLDialogElement} dialog @param {State} state */
export function renderFavorites(dialog, state) {
  const { gallery } = state;
  const favorites = gallery ? readFavorites(gallery.id) : [];
  const items = favorites.map((favorite) => favoriteItem(favorite, state));
  const only = h(
    "a",
    { class: "button primary", href: onlyFavorites(state), dataset: { action: "follow" } },
    "View favourites only",
  );
  const clear = h(
    "button",
    { class: "button", type: "button", dataset: { action: "clear-favorites" } },
    "Clear all",
  );
  dialog.replaceChildren(
    h("header", {}, h("h2", {}, `Favourites of ${gallery?.title ?? "this gallery"}`), closeButton()),
    h(
      "div",
      { class: "sheet-body" },
      favorites.length ? h("ol", { class: "favorites" }, ...items) : h("p", { class: "dim" }, EMPTY),
    ),
    h("footer", { hidden: favorites.length === 0 }, only, clear),
  );
}

const EMPTY = "None yet. Press S on a frame that you want to come back to.";

/** @param {Favorite} favorite @param {State} state */
function favoriteItem({ frame, query }, { gallery }) {
  const index = gallery?.frames.findIndex((candidate) => candidate.id === frame) ?? -1;
  const title = gallery?.frames[index]?.title ?? `${frame} (no longer in this gallery)`;
  const diff = /[?&]diff=(\d+)/.exec(query)?.[1];
  return h(
    "li",
    {},
    h(
      "a",
      { href: query, dataset: { action: "follow" } },
      h("span", { class: "dim" }, index < 0 ? "–" : `${index}`),
      " ",
      title,
    ),
    diff ? h("span", { class: "dim" }, `difference to ${diff}`) : null,
    h(
      "button",
      {
        class: "quiet",
        type: "button",
        "aria-label": `Remove ${title}`,
        dataset: { action: "remove-listed", frame },
      },
      "remove",
    ),
  );
}

/** @param {State} state */
const onlyFavorites = (state) => {
  const indexes = favoriteIndexes(state);
  const index = indexes.includes(state.view.index) ? state.view.index : (indexes[0] ?? 0);
  return formatView({ ...state.view, indexes, index });
};
