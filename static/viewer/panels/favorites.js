/**
 * The list of favourites.
 *
 * @import { State } from "../state/types.js"
 * @import { Favorite } from "../state/favorites.js"
 */
import { favoriteIndexes, readFavorites } from "../state/favorites.js";
import { frameAt, isWhole, knownFrames } from "../state/frames.js";
import { formatView } from "../state/url.js";
import { closeButton, h } from "./dom.js";

/** @param {HTMLDialogElement} dialog @param {State} state */
export function renderFavorites(dialog, state) {
  const { gallery } = state;
  const favorites = gallery ? readFavorites(gallery.id) : [];
  const places = new Map(knownFrames(gallery).map(([index, frame]) => [frame.id, index]));
  const gone = gallery && isWhole(gallery) ? " (no longer in this gallery)" : "";
  const items = favorites.map((favorite) => {
    const index = places.get(favorite.frame) ?? -1;
    return favoriteItem(favorite, index, frameAt(gallery, index)?.title ?? favorite.frame + gone);
  });
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

/** @param {Favorite} favorite @param {number} index  of its frame; -1 where it is not known @param {string} title */
function favoriteItem({ frame, query }, index, title) {
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
  const indexes = [...favoriteIndexes(state)];
  const index = indexes.includes(state.view.index) ? state.view.index : (indexes[0] ?? 0);
  return formatView({ ...state.view, indexes, index });
};
