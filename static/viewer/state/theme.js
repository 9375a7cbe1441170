/**
 * The chosen theme, kept in this browser for the next visit.
 *
 * @import { View } from "./fields.js"
 */

const THEME_KEY = "tiekd:theme";

/** @param {View["theme"]} theme */
export function rememberTheme(theme) {
  try {
    if (theme === "auto") localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, theme);
  } catch {
    // without storage only the address keeps the theme
  }
}

/** @returns {View["theme"]} */
export function rememberedTheme() {
  try {
    const theme = localStorage.getItem(THEME_KEY);
    return theme === "dark" || theme === "light" ? theme : "auto";
  } catch {
    return "auto";
  }
}
