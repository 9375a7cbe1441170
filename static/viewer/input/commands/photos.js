/**
 * The visitor's own photos.
 *
 * @import { Command, Page } from "./command.js"
 */
import { currentFrame } from "../../state/selectors.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function photoCommands({ store, photoMenu, removePhoto }) {
  return {
    "photo-menu": () => photoMenu.toggle(),
    "remove-photo": () => {
      photoMenu.close();
      removePhoto(currentFrame(store.get())?.id ?? null);
    },
    "remove-photos": ({ element }) => {
      if (element && element.dataset.sure !== "true") {
        element.dataset.sure = "true";
        element.textContent = "Really remove all?";
        return;
      }
      photoMenu.close();
      removePhoto(null);
    },
  };
}
