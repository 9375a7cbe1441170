/**
 * All keys, once: the keyboard, the help, tooltips and `aria-keyshortcuts` are made from this table.
 * Commands are those of commands/; a new key is one more row.
 *
 * @typedef {object} Binding
 * @property {string} command
 * @property {string[]} codes  `event.code`, so that a key is a place and layouts don't matter
 * @property {string[]} [chars]  `event.key` as well, for characters that other layouts have elsewhere
 * @property {string} show  how the help writes the key; empty: the help doesn't list it
 * @property {string} label
 * @property {typeof GROUPS[number]} group
 * @property {boolean} [shift]  only with Shift (true) or only without (false); either way when absent
 * @property {boolean} [repeats]  may repeat while held down
 * @property {string} [during]  also works while this overlay is open
 */

/** Groups of keys in the order of the help. */
export const GROUPS = Object.freeze(
  /** @type {const} */ (["Frames", "Compare", "Favourites", "Look", "Page"]),
);

const digits = (/** @type {string} */ prefix) => Array.from({ length: 9 }, (_, i) => `${prefix}${i + 1}`);

// prettier-ignore
/** @type {readonly Readonly<Binding>[]} */
export const KEYMAP = Object.freeze([
  { command: "pixel-left", codes: ["ArrowLeft"], shift: true, repeats: true, show: "Shift ←", label: "Move the marked pixel (also → ↑ ↓)", group: "Compare" },
  { command: "pixel-right", codes: ["ArrowRight"], shift: true, repeats: true, show: "", label: "", group: "Compare" },
  { command: "pixel-up", codes: ["ArrowUp"], shift: true, repeats: true, show: "", label: "", group: "Compare" },
  { command: "pixel-down", codes: ["ArrowDown"], shift: true, repeats: true, show: "", label: "", group: "Compare" },
  { command: "previous", codes: ["ArrowLeft", "KeyN"], shift: false, repeats: true, show: "←", label: "Previous frame", group: "Frames" },
  { command: "next", codes: ["ArrowRight", "KeyM"], shift: false, repeats: true, show: "→", label: "Next frame", group: "Frames" },
  { command: "first", codes: ["Home"], show: "Home", label: "First frame", group: "Frames" },
  { command: "last", codes: ["End"], show: "End", label: "Last frame", group: "Frames" },
  { command: "focus-index", codes: ["KeyI"], show: "I", label: "Type a frame number", group: "Frames" },
  { command: "toggle-diff", codes: [...digits("Digit"), ...digits("Numpad")], show: "1 – 9", label: "Difference of all to the n-th method; again to go back", group: "Compare" },
  { command: "diff-off", codes: ["Digit0", "Numpad0"], show: "0", label: "Differences off", group: "Compare" },
  { command: "toggle-signed", codes: ["KeyX"], show: "X", label: "Difference with or without sign", group: "Compare" },
  { command: "distributions", codes: ["KeyP"], show: "P", label: "Distributions over depth at a pixel (or click it)", group: "Compare" },
  { command: "keep-favorite", codes: ["KeyS"], show: "S", label: "Keep this view as a favourite", group: "Favourites", during: "list" },
  { command: "list", codes: ["KeyL"], show: "L", label: "List of favourites", group: "Favourites", during: "list" },
  { command: "remove-favorite", codes: ["KeyD"], show: "D", label: "Remove this frame from the favourites", group: "Favourites", during: "list" },
  { command: "cmap-next", codes: ["KeyC"], show: "C", label: "Next depth colours", group: "Look" },
  { command: "toggle-spread", codes: ["KeyG"], show: "G", label: "Depth colours logarithmic or linear", group: "Look" },
  { command: "theme", codes: ["KeyT"], show: "T", label: "Dark, light or as the system", group: "Look" },
  { command: "upload", codes: ["KeyO"], show: "O", label: "Open a photo (or drop it anywhere)", group: "Page" },
  { command: "help", codes: ["Slash", "F1"], chars: ["?"], show: "?", label: "This help", group: "Page", during: "help" },
  { command: "escape", codes: ["Escape"], show: "Esc", label: "Close the panel, or end the difference", group: "Page" },
]);

/**
 * The binding of a key press, or null. With Ctrl, Alt or Meta a press belongs to the browser.
 * @param {Pick<KeyboardEvent, "key"|"code"|"ctrlKey"|"altKey"|"metaKey"|"shiftKey">} event
 */
export function bindingOf(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const fits = (/** @type {Binding} */ b) => b.shift === undefined || b.shift === event.shiftKey;
  return (
    KEYMAP.find((b) => b.chars?.includes(event.key)) ??
    KEYMAP.find((b) => b.codes.includes(event.code) && fits(b)) ??
    null
  );
}

/** The digit of a key press like "Digit3"; 0 for other keys. @param {string} code */
export const digitOf = (code) => Number(/^(?:Digit|Numpad)(\d)$/.exec(code)?.[1] ?? 0);

/** Put keys into tooltips and `aria-keyshortcuts` of all controls that have one. @param {ParentNode} root */
export function announceKeys(root) {
  for (const element of root.querySelectorAll("button[data-action]")) {
    const command = element.getAttribute("data-action") ?? "";
    const binding = KEYMAP.find((b) => b.command === command);
    if (!binding) continue;
    element.setAttribute("aria-keyshortcuts", binding.show);
    element.setAttribute("title", `${binding.label} (${binding.show})`);
  }
}
