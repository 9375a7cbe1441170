/**
 * Short messages at the foot of the page. Several stand one above the other.
 */
import { find, h } from "./dom.js";

/**
 * A short message, read out by screen readers, gone after a while.
 * @param {string} text @param {{error?: boolean}} [options]
 */
export function notify(text, { error = false } = {}) {
  const notices = find("[data-notice]", HTMLElement);
  const notice = h("p", { dataset: { kind: error ? "error" : "info" } }, text);
  // Said again, it stands last and for its whole time.
  for (const old of notices.children) if (old.textContent === text) old.remove();
  notices.append(notice);
  setTimeout(() => notice.remove(), error ? 9000 : 3500);
}
