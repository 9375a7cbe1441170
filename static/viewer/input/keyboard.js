/**
 * Key presses to commands. Nothing happens while someone types, nor for keys that the focused control needs.
 */
import { bindingOf, digitOf } from "./keymap.js";

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
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  if (!(target instanceof HTMLInputElement)) return false;
  if (TEXT_INPUTS.has(target.type)) return true;
  return target.type === "range" && SLIDER_KEYS.has(event.code) && !event.shiftKey;
}

/**
 * @param {object} options
 * @param {(command: string, how: {number: number, repeat: boolean}) => void} options.run
 * @param {() => string|null} options.overlay  name of the open overlay
 * @param {AbortSignal} [options.signal]  takes the keyboard away again
 */
export function installKeyboard({ run, overlay, signal }) {
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const binding = bindingOf(event);
    if (!binding || belongsToControl(event)) return;
    const open = overlay();
    if (open !== null && binding.during !== open) return;
    if (event.repeat && !binding.repeats) return;
    event.preventDefault();
    run(binding.command, { number: digitOf(event.code), repeat: event.repeat });
  };
  document.addEventListener("keydown", onKeyDown, { signal });
}
