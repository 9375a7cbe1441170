/**
 * Key presses to commands. Nothing happens while someone types, nor for keys that the focused control needs.
 */
import { bindingOf, digitOf, KEYMAP } from "./keymap.js";

/** Keys that press a button or follow a link. */
const PRESS_KEYS = new Set(["Space", "Enter"]);
const SCROLL_KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Space"]);
/** Keys that open the list of a menu. While it is closed all others are the page's, so that none changes the choice. */
const MENU_KEYS = new Set(["ArrowUp", "ArrowDown", "Space", "Enter"]);
const TEXT_INPUTS = new Set(["text", "search", "number", "email", "url", "password", "tel", "date", "time"]);
const SLIDER_KEYS = new Set([
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Home",
  "End",
  "PageUp",
  "PageDown",
]);

/** Whether the focused control wants this key for itself. @param {KeyboardEvent} event */
function belongsToControl(event) {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return target.matches(":open") || MENU_KEYS.has(event.code);
  if (target instanceof HTMLInputElement) {
    if (TEXT_INPUTS.has(target.type)) return true;
    if (target.type === "range") return SLIDER_KEYS.has(event.code) && !event.shiftKey;
    return PRESS_KEYS.has(event.code);
  }
  if (PRESS_KEYS.has(event.code) && target.closest("button, a[href], summary")) return true;
  return SCROLL_KEYS.has(event.code) && !event.shiftKey && scrolls(target);
}

/** Whether the element, or one around it, scrolls by itself. @param {Element|null} element */
function scrolls(element) {
  for (let at = element; at && at !== document.body; at = at.parentElement) {
    const moves = /auto|scroll/.test(getComputedStyle(at).overflowY);
    if (moves && at.scrollHeight > at.clientHeight) return true;
  }
  return false;
}

/**
 * @param {object} options
 * @param {(command: string, how: {number: number, repeat: boolean}) => void} options.run
 * @param {() => string|null} options.overlay  name of the open overlay
 * @param {typeof KEYMAP} [options.keys]
 * @param {AbortSignal} [options.signal]  takes the keyboard away again
 */
export function installKeyboard({ run, overlay, keys = KEYMAP, signal }) {
  /** @type {Map<string, string>} commands to run when a key is let go, by its place */
  const held = new Map();

  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const binding = bindingOf(event, keys);
    if (!binding || belongsToControl(event)) return;
    const open = overlay();
    if (open !== null && binding.during !== open) return;
    if (event.repeat && !binding.repeats) return;
    event.preventDefault();
    if (binding.release) held.set(event.code, binding.release);
    run(binding.command, { number: digitOf(event.code), repeat: event.repeat });
  };
  const letGo = (/** @type {string} */ code) => {
    const command = held.get(code);
    if (held.delete(code) && command) run(command, { number: 0, repeat: false });
  };
  document.addEventListener("keydown", onKeyDown, { signal });
  document.addEventListener("keyup", ({ code }) => letGo(code), { signal });
  // A window that loses the keyboard doesn't hear the key come up.
  window.addEventListener("blur", () => [...held.keys()].forEach(letGo), { signal });
}
