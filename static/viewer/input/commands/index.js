/**
 * What each key and each control does. Names are those of the key table and of `data-action`.
 *
 * @import { Command, Page } from "./command.js"
 */
import { compareCommands } from "./compare.js";
import { favoriteCommands } from "./favorites.js";
import { frameCommands } from "./frames.js";
import { layoutCommands } from "./layout.js";
import { lookCommands } from "./look.js";
import { methodCommands } from "./methods.js";
import { pageCommands } from "./page.js";
import { photoCommands } from "./photos.js";
import { rangeCommands } from "./ranges.js";
import { zoomCommands } from "./zoom.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function createCommands(page) {
  return {
    ...frameCommands(page),
    ...compareCommands(page),
    ...favoriteCommands(page),
    ...layoutCommands(page),
    ...lookCommands(page),
    ...rangeCommands(page),
    ...methodCommands(page),
    ...pageCommands(page),
    ...photoCommands(page),
    ...zoomCommands(page),
  };
}
