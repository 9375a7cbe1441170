/**
 * What the visitor has read before: the first steps, and what the page says of a configuration. Kept in this browser.
 */

const KEY = "tiekd:welcomed";

export function isWelcomed() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true; // without storage the note would come back at every visit
  }
}

export function rememberWelcome() {
  try {
    localStorage.setItem(KEY, "1");
  } catch {
    // then it was not shown either
  }
}

/**
 * Whether a text about something is new to the visitor. From now on it is not.
 * @param {string} about @param {string} text
 */
export function isNews(about, text) {
  const key = `tiekd:told:${about}`;
  try {
    const news = localStorage.getItem(key) !== text;
    localStorage.setItem(key, text);
    return news;
  } catch {
    return true;
  }
}
