/**
 * The list of favourites.
 *
 * @import { State } from "../state/types.js"
 * @import { Favorite } from "../state/favorites.js"
 */
import { favoriteIndexes, readFavorites } from "../state/favorites.js";
import { frameAt, isWhole, placeOf } from "../state/frames.js";
import { formatView } from "../state/url.js";
import { closeButton, h } from "./dom.js";

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
  const index = placeOf(gallery, frame);
  const title =
    frameAt(gallery, index)?.title ??
    `${frame}${gallery && isWhole(gallery) ? " (no longer in this gallery)" : ""}`;
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
