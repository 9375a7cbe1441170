/**
 * The one place whose text is read out as it changes: the frame, and what the keyboard's cursor finds. Readings that the
 * mouse changes many times a second stay silent.
 */
import { find, setText } from "./dom.js";

/** While a key is held down only the place where it rests is read out. */
const REST_MS = 150;

/** @type {ReturnType<typeof setTimeout>|undefined} */
let timer;

/** @param {() => string} words  asked when it is time */
export function speak(words) {
  clearTimeout(timer);
  timer = setTimeout(() => setText(find("[data-spoken]", HTMLElement), words()), REST_MS);
}

/** What was to be read out is not so any more. */
export const hush = () => clearTimeout(timer);
