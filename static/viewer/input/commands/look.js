/**
 * Colours and theme.
 *
 * @import { View } from "../../state/fields.js"
 * @import { Command, Page } from "./command.js"
 */
import { notify } from "../../panels/notice.js";
import { SPREADS } from "../../paint/scale.js";
import { depthScale } from "../../state/selectors.js";
import { rememberTheme } from "../../state/theme.js";

const THEME_WORDS = Object.freeze({ auto: "Colours as the system has them", dark: "Dark", light: "Light" });

/** @param {Page} page @returns {Record<string, Command>} */
export function lookCommands({ store }) {
  const set = (/** @type {Partial<View>} */ change) => store.dispatch({ type: "view/set", change });
  return {
    "cmap-next": () => store.dispatch({ type: "view/next", field: "cmap" }),
    "spread-next": () => {
      const at = SPREADS.indexOf(depthScale(store.get()).spread);
      set({ spread: SPREADS[(at + 1) % SPREADS.length] });
    },
    zero: () => set({ zero: store.get().view.zero === "dark" ? "light" : "dark" }),
    theme: () => {
      store.dispatch({ type: "view/next", field: "theme" });
      const { theme } = store.get().view;
      rememberTheme(theme);
      notify(THEME_WORDS[theme]);
    },
  };
}
