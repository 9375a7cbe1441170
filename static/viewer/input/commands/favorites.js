/**
 * Keeping, removing and following favourites.
 *
 * @import { Command, Page } from "./command.js"
 */
import { notify } from "../../panels/notice.js";
import { clearFavorites, favoriteIndexes, keepFavorite, removeFavorite } from "../../state/favorites.js";
import { staying } from "../../state/fields.js";
import { currentFrame } from "../../state/selectors.js";
import { parseView } from "../../state/url.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function favoriteCommands(page) {
  const { store, favoritesChanged, toggleOverlay } = page;
  return {
    "keep-favorite": () => keep(page),
    "remove-favorite": () => remove(page, currentFrame(store.get())?.id),
    "remove-listed": ({ element }) => remove(page, element?.dataset.frame),
    favorite: () => {
      const state = store.get();
      if (favoriteIndexes(state).includes(state.view.index)) remove(page, currentFrame(state)?.id);
      else keep(page);
    },
    "clear-favorites": ({ element }) => {
      if (element && element.dataset.sure !== "true") {
        element.dataset.sure = "true";
        element.textContent = "Really clear all?";
        return;
      }
      clearFavorites(store.get().gallery?.id ?? "");
      favoritesChanged();
    },
    list: () => toggleOverlay("list"),
    follow: ({ element }) => {
      toggleOverlay(null);
      const place = parseView(element?.getAttribute("href") ?? "");
      // A favourite is a place, not a look: colours and layout stay as they are.
      store.dispatch({ type: "view/restore", view: { ...place, ...staying(store.get().view, "link") } });
    },
  };
}

/** @param {Page} page */
function keep({ store, favoritesChanged }) {
  const state = store.get();
  const frame = currentFrame(state);
  if (!frame) return;
  if (!keepFavorite(state))
    return notify("This browser doesn't let the page store favourites.", { error: true });
  notify(`Kept ${frame.title} as a favourite.`);
  favoritesChanged();
}

/** @param {Page} page @param {string|undefined} frame */
function remove({ store, favoritesChanged }, frame) {
  const { gallery } = store.get();
  if (!gallery || frame === undefined) return;
  const removed = removeFavorite(gallery.id, frame);
  notify(removed ? "Removed from the favourites." : "This frame is not among the favourites.");
  favoritesChanged();
}
