/**
 * What each key and each control does. Names are those of the key table and of `data-action`.
 *
 * @import { State, View } from "./types.js"
 * @import { Store } from "./store.js"
 *
 * @typedef {object} Page  What commands need of the rest of the page.
 * @property {Store} store
 * @property {() => [number, number]|null} pixelUnderCursor
 * @property {() => void} favoritesChanged
 * @property {(name: "list"|"help"|null) => void} openOverlay  again = close
 * @property {(methodId: string) => void} download
 * @property {(methodId: string) => void} retry
 * @property {() => void} retryAll
 * @property {(anchor: HTMLElement) => void} toggleMethods
 *
 * @typedef {{number: number, repeat: boolean, element?: HTMLElement}} Given
 * @typedef {(given: Given) => void} Command
 */
import { find, notify } from "./dom.js";
import { clearFavorites, keepFavorite, favoriteIndexes, removeFavorite } from "./favorites.js";
import { currentFrame, depthScale, visibleMethods } from "./store.js";
import { UPLOAD_GALLERY } from "./upload.js";
import { parseView } from "./url-state.js";

/** @param {Page} page @returns {Record<string, Command>} */
export function createCommands(page) {
  return {
    ...frameCommands(page),
    ...compareCommands(page),
    ...favoriteCommands(page),
    ...lookCommands(page),
    ...pageCommands(page),
  };
}

/** @param {Page} page @returns {Record<string, Command>} */
function frameCommands({ store }) {
  const step =
    (/** @type {number} */ by) =>
    (/** @type {Given} */ { repeat }) =>
      store.dispatch({ type: "frame/step", by }, { repeat });
  return {
    next: step(1),
    previous: step(-1),
    first: () => store.dispatch({ type: "frame/end", last: false }),
    last: () => store.dispatch({ type: "frame/end", last: true }),
    "focus-index": () => find("[data-action=index]", HTMLInputElement).select(),
    "all-frames": () => store.dispatch({ type: "indexes/set", indexes: null }),
  };
}

/** @param {Page} page @returns {Record<string, Command>} */
function compareCommands({ store, pixelUnderCursor }) {
  const set = (/** @type {Partial<View>} */ change, repeat = false) =>
    store.dispatch({ type: "view/set", change }, { repeat });
  const move =
    (/** @type {number} */ dx, /** @type {number} */ dy) =>
    (/** @type {Given} */ { repeat }) =>
      store.dispatch({ type: "pixel/move", dx, dy }, { repeat });
  return {
    "toggle-diff": ({ number }) => {
      const count = visibleMethods(store.get()).length;
      if (number <= count) store.dispatch({ type: "diff/toggle", target: number });
      else if (count)
        notify(
          `There ${count === 1 ? "is one method" : `are ${count} methods`} on show, so no number ${number}.`,
        );
    },
    "diff-off": () => store.dispatch({ type: "diff/off" }),
    "toggle-signed": () => set({ signed: !store.get().view.signed }),
    signed: () => set({ signed: true }),
    absolute: () => set({ signed: false }),
    distributions: () =>
      set({ pixel: store.get().view.pixel ? null : (pixelUnderCursor() ?? middle(store.get())) }),
    "close-distributions": () => set({ pixel: null }),
    axis: () => set({ axis: store.get().view.axis === "log" ? "linear" : "log" }),
    "pixel-left": move(-1, 0),
    "pixel-right": move(1, 0),
    "pixel-up": move(0, -1),
    "pixel-down": move(0, 1),
    escape: () => {
      const { pixel, diff } = store.get().view;
      const menu = document.querySelector(":popover-open");
      if (menu instanceof HTMLElement) menu.hidePopover();
      else if (pixel) set({ pixel: null });
      else if (diff) store.dispatch({ type: "diff/off" });
    },
  };
}

/** @param {State} state @returns {[number, number]|null} */
function middle(state) {
  const frame = currentFrame(state);
  return frame ? [Math.floor(frame.width / 2), Math.floor(frame.height / 2)] : null;
}

/** @param {Page} page @returns {Record<string, Command>} */
function favoriteCommands({ store, favoritesChanged, openOverlay }) {
  const keep = () => {
    const state = store.get();
    if (!currentFrame(state)) return;
    if (state.gallery?.id === UPLOAD_GALLERY)
      return notify("Your photos are not kept after this page is closed, so they can't be favourites.");
    if (!keepFavorite(state))
      return notify("This browser doesn't let the page store favourites.", { error: true });
    notify(`Kept ${currentFrame(state)?.title} as a favourite.`);
    favoritesChanged();
  };
  const remove = (/** @type {string|undefined} */ frame) => {
    const { gallery } = store.get();
    if (!gallery || frame === undefined) return;
    notify(
      removeFavorite(gallery.id, frame)
        ? "Removed from the favourites."
        : "This frame is not among the favourites.",
    );
    favoritesChanged();
  };
  return {
    "keep-favorite": keep,
    "remove-favorite": () => remove(currentFrame(store.get())?.id),
    "remove-listed": ({ element }) => remove(element?.dataset.frame),
    favorite: () => {
      const state = store.get();
      if (favoriteIndexes(state).includes(state.view.index)) remove(currentFrame(state)?.id);
      else keep();
    },
    "clear-favorites": ({ element }) => {
      if (element && element.dataset.sure !== "true") {
        element.dataset.sure = "true";
        element.textContent = "Really clear all?";
        return;
      }
      clearFavorites(store.get().gallery?.id ?? "");
      favoritesChanged();
    },
    list: () => openOverlay("list"),
    follow: ({ element }) => {
      openOverlay(null);
      const { cmap, spread, range, diffMax, columns, theme, axis } = store.get().view; // a favourite is a place, not a look
      const place = parseView(element?.getAttribute("href") ?? "");
      store.dispatch({
        type: "view/restore",
        view: { ...place, cmap, spread, range, diffMax, columns, theme, axis },
      });
    },
  };
}

/** @param {Page} page @returns {Record<string, Command>} */
function lookCommands({ store, toggleMethods }) {
  return {
    "cmap-next": () => store.dispatch({ type: "cmap/next" }),
    "toggle-spread": () =>
      store.dispatch({
        type: "view/set",
        change: { spread: depthScale(store.get()).log ? "linear" : "log" },
      }),
    theme: () => {
      store.dispatch({ type: "theme/next" });
      notify(
        { auto: "Colours as the system has them", dark: "Dark", light: "Light" }[store.get().view.theme],
      );
    },
    "range-reset": () => store.dispatch({ type: "view/set", change: { range: null } }),
    methods: ({ element }) => element && toggleMethods(element),
    "all-methods": () => store.dispatch({ type: "targets/set", targets: [] }),
  };
}

/** @param {Page} page @returns {Record<string, Command>} */
function pageCommands({ openOverlay, download, retry, retryAll }) {
  const methodOf = (/** @type {HTMLElement|undefined} */ element) =>
    element?.closest("[data-pane]")?.getAttribute("data-method") ?? "";
  return {
    upload: () => find("input[type=file][name=image]", HTMLInputElement).click(),
    help: () => openOverlay("help"),
    "close-overlay": () => openOverlay(null),
    download: ({ element }) => download(methodOf(element)),
    retry: ({ element }) => retry(methodOf(element)),
    "retry-all": () => retryAll(),
  };
}

/**
 * Buttons and links run the command they name; fields change the state.
 * @param {Record<string, Command>} commands @param {Store} store
 */
export function installControls(commands, store) {
  document.addEventListener("click", (event) => {
    const element =
      event.target instanceof Element ? event.target.closest("button[data-action], a[data-action]") : null;
    if (!(element instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const command = commands[element.dataset.action ?? ""];
    if (!command) return;
    event.preventDefault();
    command({ number: Number(element.dataset.target ?? 0), repeat: false, element });
  });
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.dataset.action === "scrub")
      scrubTo(store, event.target, true);
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement)
      changeField(store, event.target);
  });
}

/** @param {Store} store @param {HTMLInputElement} input @param {boolean} repeat */
function scrubTo(store, input, repeat) {
  const { view, gallery } = store.get();
  const at = Number(input.value);
  const index = view.indexes?.[at] ?? at;
  if (gallery) store.dispatch({ type: "frame/go", index }, { repeat });
}

/** @param {Store} store @param {HTMLInputElement|HTMLSelectElement} field */
function changeField(store, field) {
  const set = (/** @type {Partial<View>} */ change) => store.dispatch({ type: "view/set", change });
  const value = Number(field.value);
  switch (field.dataset.action) {
    case "choose-gallery":
      store.dispatch({ type: "gallery/choose", id: field.value });
      return field.blur(); // the arrows belong to the frames again
    case "cmap":
      set({ cmap: field.value });
      return field.blur();
    case "columns":
      set({ columns: value });
      return field.blur();
    case "diff-max":
      set({ diffMax: value });
      return field.blur();
    case "scrub":
      return scrubTo(store, /** @type {HTMLInputElement} */ (field), false);
    case "index":
      if (field.value !== "" && Number.isInteger(value) && value >= 0)
        store.dispatch({ type: "frame/go", index: value });
      return field.blur();
    case "range-min":
    case "range-max":
      return changeRange(store, field);
    case "method":
      return changeMethods(store);
  }
}

/** @param {Store} store @param {HTMLInputElement|HTMLSelectElement} field */
function changeRange(store, field) {
  const { min, max } = depthScale(store.get());
  const value = Number(field.value);
  /** @type {[number, number]} */
  const range = field.dataset.action === "range-min" ? [value, max] : [min, value];
  if (field.value !== "" && range[0] >= 0 && range[0] < range[1]) {
    store.dispatch({ type: "view/set", change: { range } });
    return;
  }
  notify(
    `Depth colours need a nearest depth below the farthest; ${range[0]} m to ${range[1]} m isn't that.`,
    { error: true },
  );
  field.value = String(field.dataset.action === "range-min" ? min : max);
}

/** @param {Store} store */
function changeMethods(store) {
  const boxes = [...document.querySelectorAll("input[data-action=method]")].filter(
    (box) => box instanceof HTMLInputElement,
  );
  const checked = boxes.filter((box) => box.checked).map((box) => box.value);
  if (checked.length === 0) {
    notify("At least one method stays on show.");
    store.dispatch({ type: "targets/set", targets: visibleMethods(store.get()).map((method) => method.id) });
    return;
  }
  // Methods keep the order they have on show; newly chosen ones come last, as they come in the gallery.
  const order = visibleMethods(store.get()).map((method) => method.id);
  const kept = order.filter((id) => checked.includes(id));
  store.dispatch({ type: "targets/set", targets: [...kept, ...checked.filter((id) => !order.includes(id))] });
}
