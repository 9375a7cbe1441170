/**
 * Short messages at the foot of the page.
 */
import { find } from "./dom.js";

/** @type {ReturnType<typeof setTimeout>|undefined} */
let noticeTimer;

/**
 * A short message at the foot of the page, read out by screen readers, gone after a while.
 * @param {string} text @param {{error?: boolean}} [options]
 */
export function notify(text, { error = false } = {}) {
  const notice = find("[data-notice]", HTMLElement);
  notice.textContent = text;
  notice.dataset.kind = error ? "error" : "info";
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (notice.hidden = true), error ? 9000 : 3500);
}
