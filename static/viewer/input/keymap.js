/**
 * All keys, once: the keyboard, the help, tooltips and `aria-keyshortcuts` are made from this table.
 * Commands are those of commands/; a new key is one more row.
 *
 * A letter or sign is named by its character (`chars`), so that it is the key that says so on every keyboard layout.
 * Digits, brackets and keys without a character are named by their place (`codes`), because layouts put other
 * characters there.
 *
 * @typedef {object} Binding
 * @property {string} command
 * @property {string[]} [chars]  `event.key`, letters in lower case
 * @property {string[]} [codes]  `event.code`
 * @property {string} show  how the help writes the key; empty: the help doesn't list it
 * @property {string} label
 * @property {typeof GROUPS[number]} group
 * @property {boolean} [shift]  only with Shift (true) or only without (false); either way when absent
 * @property {boolean} [repeats]  may repeat while held down
 * @property {string} [release]  command for the moment when the key is let go
 * @property {string} [during]  also works while this overlay is open
 *
 * @typedef {Pick<KeyboardEvent, "key"|"code"|"ctrlKey"|"altKey"|"metaKey"|"shiftKey">} Press
 */

/** Groups of keys in the order of the help. */
export const GROUPS = Object.freeze(
  /** @type {const} */ (["Frames", "Compare", "Zoom and layout", "Favourites", "Look", "Page"]),
);

const digits = (/** @type {string} */ prefix) => Array.from({ length: 9 }, (_, i) => `${prefix}${i + 1}`);

// prettier-ignore
/** @type {readonly Readonly<Binding>[]} */
export const KEYMAP = Object.freeze([
  { command: "pixel-left", codes: ["ArrowLeft"], shift: true, repeats: true, show: "Shift ←", label: "Read the next pixel (also → ↑ ↓); P marks it", group: "Compare" },
  { command: "pixel-right", codes: ["ArrowRight"], shift: true, repeats: true, show: "", label: "", group: "Compare" },
  { command: "pixel-up", codes: ["ArrowUp"], shift: true, repeats: true, show: "", label: "", group: "Compare" },
  { command: "pixel-down", codes: ["ArrowDown"], shift: true, repeats: true, show: "", label: "", group: "Compare" },
  { command: "previous", chars: ["n"], codes: ["ArrowLeft"], shift: false, repeats: true, show: "←", label: "Previous frame", group: "Frames" },
  { command: "next", chars: ["m"], codes: ["ArrowRight"], shift: false, repeats: true, show: "→", label: "Next frame", group: "Frames" },
  { command: "first", codes: ["Home"], show: "Home", label: "First frame", group: "Frames" },
  { command: "last", codes: ["End"], show: "End", label: "Last frame", group: "Frames" },
  { command: "focus-index", chars: ["i"], show: "I", label: "Type a frame number", group: "Frames" },
  { command: "find-frame", chars: ["a", "/"], show: "A", label: "Jump to a frame by some letters of its name (also /)", group: "Frames" },
  { command: "next-sort", chars: ["j"], show: "J", label: "Next order of the frames: by name, worst first, best first …", group: "Frames" },
  { command: "toggle-strip", chars: ["h"], show: "H", label: "Show or hide the errors in the filmstrip", group: "Frames" },
  { command: "toggle-diff", codes: [...digits("Digit"), ...digits("Numpad")], shift: false, show: "1 – 9", label: "Difference of all to the n-th method; again to go back", group: "Compare" },
  { command: "reference", codes: digits("Digit"), shift: true, show: "Shift 1 – 9", label: "Keep the n-th method as the reference of relative differences, δ and gain; again to forget it", group: "Compare" },
  { command: "relative", chars: ["r"], show: "R", label: "Relative difference to the reference; again to go back", group: "Compare" },
  { command: "delta", chars: ["u"], show: "U", label: "Where δ to the reference is below 1.25; again to go back", group: "Compare" },
  { command: "error", chars: ["e"], show: "E", label: "Error against the ground truth; again to go back", group: "Compare" },
  { command: "gain", chars: ["w"], show: "W", label: "Gain over the baseline; again to go back", group: "Compare" },
  { command: "next-box", chars: ["k"], show: "K", label: "Pixels that count in the metrics: all, Garg's crop, Eigen's crop; hold Shift and drag for a box", group: "Compare" },
  { command: "find-method", chars: ["."], show: ".", label: "Find a method by some letters of its name: difference, reference, or only this one", group: "Compare" },
  { command: "diff-off", codes: ["Digit0", "Numpad0"], shift: false, show: "0", label: "Back to depth", group: "Compare" },
  { command: "toggle-signed", chars: ["x"], show: "X", label: "Difference or error with or without sign", group: "Compare" },
  { command: "distributions", chars: ["p"], show: "P", label: "Distributions over depth at a pixel (or click it)", group: "Compare" },
  { command: "values", chars: ["q"], show: "Q", label: "Table of all methods' values at the cursor, the least error first", group: "Compare" },
  { command: "profile", chars: ["y"], show: "Y", label: "Errors by depth, and the depth along the cursor's row", group: "Compare" },
  { command: "zoom-in", chars: ["+", "="], codes: ["NumpadAdd"], repeats: true, show: "+", label: "Zoom in, about the pointer (also the wheel; drag to move)", group: "Zoom and layout" },
  { command: "zoom-out", chars: ["-", "_"], codes: ["NumpadSubtract"], repeats: true, show: "-", label: "Zoom out", group: "Zoom and layout" },
  { command: "zoom-fit", chars: ["f"], show: "F", label: "Fit: the whole picture", group: "Zoom and layout" },
  { command: "zoom-pixels", chars: ["z"], show: "Z", label: "1 : 1: one pixel of the photo is one of the screen", group: "Zoom and layout" },
  { command: "layout-next", chars: ["v"], show: "V", label: "Next layout: grid, one large, split, over the photo", group: "Zoom and layout" },
  { command: "focus-next", codes: ["BracketRight"], shift: false, show: "]", label: "Next method large ([ the one before; with Shift the other side of a split)", group: "Zoom and layout" },
  { command: "focus-previous", codes: ["BracketLeft"], shift: false, show: "[", label: "Previous method large", group: "Zoom and layout" },
  { command: "beside-next", codes: ["BracketRight"], shift: true, show: "", label: "", group: "Zoom and layout" },
  { command: "beside-previous", codes: ["BracketLeft"], shift: true, show: "", label: "", group: "Zoom and layout" },
  { command: "blink", release: "blink-end", chars: ["b"], show: "B", label: "Hold: the pane under the pointer shows the reference, else the ground truth", group: "Zoom and layout" },
  { command: "keep-favorite", chars: ["s"], show: "S", label: "Keep this view as a favourite", group: "Favourites", during: "list" },
  { command: "list", chars: ["l"], show: "L", label: "List of favourites", group: "Favourites", during: "list" },
  { command: "remove-favorite", chars: ["d"], show: "D", label: "Remove this frame from the favourites", group: "Favourites", during: "list" },
  { command: "cmap-next", chars: ["c"], show: "C", label: "Next depth colours", group: "Look" },
  { command: "spread-next", chars: ["g"], show: "G", label: "Depth colours linear, by inverse depth, or logarithmic", group: "Look" },
  { command: "range-next", chars: [","], show: ",", label: "Depth colours of the data set, of this frame, or of 2–98 % of it", group: "Look" },
  { command: "theme", chars: ["t"], show: "T", label: "Dark, light, or as the system has it", group: "Look" },
  { command: "scroll-up", codes: ["ArrowUp"], shift: false, repeats: true, show: "↑ ↓", label: "Scroll (also Space, Page Up, Page Down)", group: "Page" },
  { command: "scroll-down", codes: ["ArrowDown"], shift: false, repeats: true, show: "", label: "", group: "Page" },
  { command: "scroll-page-up", codes: ["PageUp"], repeats: true, show: "", label: "", group: "Page" },
  { command: "scroll-page-down", codes: ["PageDown"], repeats: true, show: "", label: "", group: "Page" },
  { command: "scroll-page-up", codes: ["Space"], shift: true, repeats: true, show: "", label: "", group: "Page" },
  { command: "scroll-page-down", codes: ["Space"], shift: false, repeats: true, show: "", label: "", group: "Page" },
  { command: "upload", chars: ["o"], show: "O", label: "Open photos (or drop or paste them)", group: "Page" },
  { command: "help", chars: ["?"], codes: ["F1"], show: "?", label: "This help", group: "Page", during: "help" },
  { command: "escape", codes: ["Escape"], show: "Esc", label: "Close the panel, or go back to depth", group: "Page" },
]);

/**
 * The binding of a key press, or null. With Ctrl, Alt or Meta a press belongs to the browser.
 * @param {Press} event @param {readonly Readonly<Binding>[]} [table]
 */
export function bindingOf(event, table = KEYMAP) {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const fits = (/** @type {Binding} */ b) => b.shift === undefined || b.shift === event.shiftKey;
  const byPlace = () => table.find((b) => b.codes?.includes(event.code) && fits(b));
  const byCharacter = () => {
    const char = characterOf(event);
    return table.find((b) => b.chars?.includes(char) && fits(b));
  };
  // French keyboards have "-" on the 6: the digits are places before all. For the rest the character counts.
  const found = digitOf(event.code) ? (byPlace() ?? byCharacter()) : (byCharacter() ?? byPlace());
  return found ?? null;
}

/**
 * The character of a key press. Where the layout has no Latin letters there, it is the letter that stands at this
 * place on a US keyboard: Cyrillic and Greek keyboards carry those too.
 * @param {Press} event
 */
function characterOf({ key, code }) {
  if (/^[!-~]$/.test(key)) return key.toLowerCase();
  return /^Key([A-Z])$/.exec(code)?.[1].toLowerCase() ?? key;
}

/** The digit of a key press like "Digit3"; 0 for other keys. @param {string} code */
export const digitOf = (code) => Number(/^(?:Digit|Numpad)(\d)$/.exec(code)?.[1] ?? 0);

/** The keys of a binding as `aria-keyshortcuts` writes them. @param {Readonly<Binding>} binding */
export function shortcutsOf({ chars = [], codes = [], shift }) {
  const names = [
    ...chars.map((char) => SPOKEN[char] ?? char.toUpperCase()),
    ...codes
      .map((code) => PLACES[code] ?? code.replace(/^Digit/, ""))
      .filter((name) => !/^Numpad/.test(name)),
  ];
  return names.map((name) => (shift ? `Shift+${name}` : name)).join(" ");
}

/** Characters and places that `aria-keyshortcuts` calls by a name. @type {Readonly<Record<string, string>>} */
const SPOKEN = Object.freeze({ "+": "Plus", " ": "Space" });
/** @type {Readonly<Record<string, string>>} */
const PLACES = Object.freeze({ BracketLeft: "[", BracketRight: "]" });

/** Put keys into tooltips and `aria-keyshortcuts` of all controls that have one. @param {ParentNode} root */
export function announceKeys(root) {
  for (const element of root.querySelectorAll("button[data-action]")) {
    const command = element.getAttribute("data-action") ?? "";
    const binding = KEYMAP.find((b) => b.command === command);
    if (!binding) continue;
    element.setAttribute("aria-keyshortcuts", shortcutsOf(binding));
    element.setAttribute("title", `${binding.label} (${binding.show})`);
  }
}
