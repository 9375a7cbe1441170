/**
 * The page's controls: buttons and links run the command that they name, fields change the state.
 *
 * @import { View } from "../state/fields.js"
 * @import { Store } from "../state/store.js"
 * @import { Command } from "./commands/command.js"
 *
 * @typedef {HTMLInputElement|HTMLSelectElement} Field
 */
import { notify } from "../panels/notice.js";
import { isComparing, MODE_NAMES } from "../state/comparison.js";
import { misfits, wordsOf } from "../state/corrections.js";
import { differenceEnd, MOST_M, rangeWithin, withEnd } from "../state/ranges.js";
import { depthScale, differenceMax, missingFor, visibleMethods, walkOf } from "../state/selectors.js";
import { METRIC_NAMES, SORTS } from "../state/sorts.js";
import { COUNTING_FIELDS } from "./counting.js";

/** @param {Record<string, Command>} commands @param {Store} store */
export function installControls(commands, store) {
  document.addEventListener("click", (event) => {
    const element =
      event.target instanceof Element ? event.target.closest("button[data-action], a[data-action]") : null;
    // With a modifier a click belongs to the browser, for example to open a link in a new tab.
    if (!(element instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const command = commands[element.dataset.action ?? ""];
    if (!command) return;
    event.preventDefault();
    command({ number: Number(element.dataset.target ?? 0), repeat: false, element });
  });
  document.addEventListener("input", (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const { value, dataset } = event.target;
    const { action } = dataset;
    if (action === "scrub") scrubTo(store, event.target, true);
    if (action === "filter")
      store.dispatch({ type: "view/set", change: { filter: value } }, { repeat: true });
    if (action === "divide" || action === "opacity")
      store.dispatch({ type: "view/set", change: { [action]: Number(value) } }, { repeat: true });
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) return;
    FIELDS[field.dataset.action ?? ""]?.(store, field);
  });
  document.addEventListener("keydown", openMenu);
  installNumbers();
}

/**
 * A closed menu opens instead of changing its value with each arrow key: the choice counts when it is made.
 * @param {KeyboardEvent} event
 */
function openMenu(event) {
  const { target, code } = event;
  if (!(target instanceof HTMLSelectElement) || target.matches(":open") || target.disabled) return;
  if (event.ctrlKey || event.metaKey || !/^(ArrowUp|ArrowDown|Space|Enter)$/.test(code)) return;
  event.preventDefault();
  target.showPicker();
}

/** Enter takes a typed number or filter and Escape leaves it; then the keys belong to the page again. */
function installNumbers() {
  let before = "";
  const isNumber = (/** @type {EventTarget|null} */ target) =>
    target instanceof HTMLInputElement && target.type === "number";
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLInputElement && isNumber(target)) before = target.value;
  });
  document.addEventListener("keydown", ({ target, key }) => {
    if (!(target instanceof HTMLInputElement)) return;
    if (key === "Enter" && target.dataset.action === "filter") target.blur();
    if (!isNumber(target)) return;
    if (key === "Escape") target.value = before;
    if (key === "Enter" || key === "Escape") target.blur(); // its change is told on the way
  });
}

/** @type {Record<string, (store: Store, field: Field) => void>} What a changed field does, by `data-action`. */
const FIELDS = {
  "choose-gallery": (store, { value }) => store.dispatch({ type: "gallery/choose", id: value }),
  cmap: (store, { value }) => store.dispatch({ type: "view/set", change: { cmap: value } }),
  layout: (store, { value }) =>
    store.dispatch({ type: "view/set", change: { layout: /** @type {View["layout"]} */ (value) } }),
  columns: (store, { value }) => store.dispatch({ type: "view/set", change: { columns: Number(value) } }),
  mode: changeMode,
  against: (store, { value }) => {
    const number = Number(value);
    const compares = isComparing(store.get().view.mode) && number > 0;
    store.dispatch({ type: "view/set", change: compares ? { diff: number } : { reference: number } });
  },
  ...COUNTING_FIELDS,
  "diff-max": changeDifferenceEnd,
  scrub: (store, field) => scrubTo(store, field, false),
  sort: (store, { value }) => store.dispatch({ type: "view/set", change: { sort: oneOf(SORTS, value) } }),
  metric: (store, { value }) =>
    store.dispatch({ type: "view/set", change: { metric: oneOf(METRIC_NAMES, value) } }),
  by: (store, { value }) => store.dispatch({ type: "view/set", change: { by: value || null } }),
  filter: (store, { value }) => store.dispatch({ type: "view/set", change: { filter: value } }),
  index: goTo,
  "range-min": changeRange,
  "range-max": changeRange,
  method: changeMethods,
};

/** @template {string} T @param {readonly T[]} choices @param {string} value @returns {T} */
const oneOf = (choices, value) => choices.find((choice) => choice === value) ?? choices[0];

/** @param {Store} store @param {Field} field */
function changeMode(store, field) {
  const mode = oneOf(MODE_NAMES, field.value);
  const missing = missingFor(store.get(), mode);
  if (!missing) return store.dispatch({ type: "view/set", change: { mode } });
  field.value = store.get().view.mode;
  notify(missing);
}

/** @param {Store} store @param {Field} field @param {boolean} repeat */
function scrubTo(store, field, repeat) {
  const index = walkOf(store.get())[Number(field.value)];
  if (index !== undefined) store.dispatch({ type: "frame/go", index }, { repeat });
}

/** @param {Store} store @param {Field} field */
function goTo(store, field) {
  const index = Number(field.value);
  if (field.value !== "" && Number.isInteger(index) && index >= 0)
    store.dispatch({ type: "frame/go", index });
  const { view } = store.get();
  const wrong = wordsOf(misfits({ index }, view));
  if (wrong) notify(wrong, { error: true });
  field.value = String(view.index);
}

/** @param {Store} store @param {Field} field */
function changeRange(store, field) {
  const { min, max, spread } = depthScale(store.get());
  const isBegin = field.dataset.action === "range-min";
  const value = Number(field.value);
  /** @type {[number, number]} */
  const asked = isBegin ? [value, max] : [min, value];
  const range = field.value !== "" && asked[0] >= 0 ? rangeWithin(asked) : null;
  if (range) store.dispatch({ type: "view/set", change: { range } });
  const taken = depthScale(store.get());
  field.value = String(isBegin ? taken.min : taken.max);
  if (!range) {
    const wrong = `${asked[0]} m to ${asked[1]} m is not possible`;
    notify(`${wrong}: the nearest depth of the colours must be below the farthest.`, { error: true });
  } else if (asked[1] > taken.max) notify(tooFar(value), { error: true });
  else if (isBegin && taken.min !== value) {
    const begin = `From ${value} m on ${spread} colours would hardly tell what is far`;
    notify(`${begin}: they begin at ${taken.min} m. Linear colours (G) can begin there.`, { error: true });
  }
}

/** @param {Store} store @param {Field} field */
function changeDifferenceEnd(store, field) {
  const value = Number(field.value);
  const end = field.value !== "" && value > 0 ? differenceEnd(value) : null;
  if (end) store.dispatch({ type: "view/set", change: { diffMax: end } });
  field.value = String(differenceMax(store.get()));
  if (!end)
    notify(
      `${field.value ? `“${value}” m` : "Nothing"} is not possible: the difference colours end above 0 m.`,
      { error: true },
    );
  else if (value > end) notify(tooFar(value), { error: true });
  else if (value < end)
    notify(`${value} m is too small to be seen: the difference colours end at ${end} m.`, { error: true });
}

/** @param {number} value */
const tooFar = (value) => `${value} m is farther than a picture can hold: the colours end at ${MOST_M} m.`;

/**
 * An end of a colour bar was dragged or moved by a key: it goes as far as it can.
 * @param {Store} store @param {string} bar @param {"min"|"max"} end @param {number} value @param {boolean} repeat
 */
export function moveEnd(store, bar, end, value, repeat) {
  const change =
    bar === "depth"
      ? { range: withEnd(depthScale(store.get()), end, value) }
      : { diffMax: differenceEnd(end === "min" ? Math.min(0, value) : Math.max(0, value)) };
  store.dispatch({ type: "view/set", change }, { repeat });
}

/** @param {Store} store */
function changeMethods(store) {
  const checked = [...document.querySelectorAll("input[data-action=method]")].flatMap((box) =>
    box instanceof HTMLInputElement && box.checked ? box.value : [],
  );
  const shown = visibleMethods(store.get()).map((method) => method.id);
  if (checked.length === 0) notify("At least one method must stay on show.");
  // The rows stand in the order of the panes; the methods that are not shown come after the others.
  store.dispatch({ type: "targets/set", targets: checked.length ? checked : shown });
}
