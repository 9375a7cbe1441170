/**
 * Short messages at the foot of the page. Several stand one above the other.
 */
import { find, h } from "./dom.js";

/**
 * A short message, read out by screen readers, gone after a while.
 * @param {string} text
 * @param {{error?: boolean, stays?: boolean}} [options]  `stays`: until somebody closes it, or `forgetStaying`
 */
export function notify(text, { error = false, stays = false } = {}) {
  const notices = find("[data-notice]", HTMLElement);
  const dataset = { kind: error ? "error" : "info", stays };
  const notice = h("p", { dataset }, h("span", {}, text));
  // Said again, it stands last and for its whole time.
  for (const old of notices.children) if (old.firstChild?.textContent === text) old.remove();
  if (stays) notice.append(closeButton(() => notice.remove()));
  else setTimeout(() => notice.remove(), error ? 9000 : 3500);
  notices.append(notice);
}

/** Messages that stay are about what somebody did; when they do it again, those are past. */
export function forgetStaying() {
  for (const notice of document.querySelectorAll("[data-notice] [data-stays=true]")) notice.remove();
}

/** @param {() => void} onclick */
const closeButton = (onclick) =>
  h("button", { class: "quiet", type: "button", "aria-label": "Close this message", onclick }, "×");
