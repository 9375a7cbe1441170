/**
 * Whether the visitor has read the first steps, kept in this browser.
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
