/**
 * Rows of the menu of methods: dragged to another place by their grip, or moved with Alt ↑ and Alt ↓. The plain arrows
 * go from row to row, and Enter shows only this method.
 *
 * @import { Store } from "../state/store.js"
 */
import { find } from "../panels/dom.js";

/** @param {Store} store */
export function installMethodOrder(store) {
  const menu = find("#methods-menu", HTMLElement);
  menu.addEventListener("keydown", (event) => onKey(menu, store, event));
  menu.addEventListener("pointerdown", (event) => {
    const grip = event.target instanceof Element ? event.target.closest(".grip") : null;
    const row = grip?.closest("li");
    if (row && event.button === 0) drag(menu, row, store, event);
  });
}

/** @param {HTMLElement} menu @param {Store} store @param {KeyboardEvent} event */
function onKey(menu, store, event) {
  const row = event.target instanceof HTMLInputElement ? event.target.closest("li") : null;
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.key === "Enter" && !event.altKey)
    store.dispatch({ type: "targets/set", targets: [row.dataset.method ?? ""] });
  else if (by === undefined) return;
  else {
    const rows = [...menu.querySelectorAll("li")].filter((other) => !other.hidden);
    const other = rows[rows.indexOf(row) + by];
    if (other && event.altKey) {
      if (by < 0) other.before(row);
      else other.after(row);
      commit(menu, store);
    }
    (event.altKey ? row : other)?.querySelector("input")?.focus();
  }
  event.preventDefault();
}

/** @param {HTMLElement} menu @param {HTMLLIElement} row @param {Store} store @param {PointerEvent} start */
function drag(menu, row, store, start) {
  start.preventDefault(); // no text is selected meanwhile
  const ended = new AbortController();
  row.dataset.dragged = "true";
  const move = (/** @type {PointerEvent} */ event) => {
    const rows = [...menu.querySelectorAll("li")].filter((other) => !other.hidden && other !== row);
    const next = rows.find((other) => {
      const { top, height } = other.getBoundingClientRect();
      return event.clientY < top + height / 2;
    });
    if (next) next.before(row);
    else rows.at(-1)?.after(row);
  };
  const end = () => {
    ended.abort();
    delete row.dataset.dragged;
    commit(menu, store);
  };
  const { signal } = ended;
  document.addEventListener("pointermove", move, { signal });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, end, { signal });
}

/** The methods on show, in the order of the rows. @param {HTMLElement} menu @param {Store} store */
function commit(menu, store) {
  const boxes = menu.querySelectorAll("input[data-action=method]:checked");
  const targets = [...boxes].flatMap((box) => (box instanceof HTMLInputElement ? box.value : []));
  if (targets.length) store.dispatch({ type: "targets/set", targets });
}
