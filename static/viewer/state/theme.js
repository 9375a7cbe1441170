/**
 * The chosen theme, kept in this browser for the next visit.
 *
 * @import { View } from "./fields.js"
 */

const THEME_KEY = "tiekd:theme";
const YEAR_S = 365 * 24 * 3600;

/** The server draws the first picture of each page in it. @param {View["theme"]} theme */
export function rememberTheme(theme) {
  document.cookie = `tiekd_theme=${theme}; path=/; max-age=${theme === "auto" ? 0 : YEAR_S}; samesite=lax`;
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
