/**
 * Wiring: state → address, pictures, panes; controls and keys → commands. What each part does is in its file.
 *
 * @import { Picture, State } from "./types.js"
 */
import { showBlank } from "./blank.js";
import { createCommands, installControls } from "./commands.js";
import { updateMethodsMenu, updateTimeline, updateToolbar } from "./controls.js";
import { find, h, notify } from "./dom.js";
import { DpmInspector } from "./dpm-inspector.js";
import { installUpload } from "./drop.js";
import { renderFavorites } from "./favorites.js";
import { createFrameCache } from "./frame-cache.js";
import { createGrid } from "./grid.js";
import { renderHelp } from "./help.js";
import { syncHistory } from "./history.js";
import { messageOf } from "./http.js";
import { installKeyboard } from "./keyboard.js";
import { announceKeys } from "./keymap.js";
import { createLegend } from "./legend.js";
import { createLoader } from "./loader.js";
import { installPointer } from "./pointer.js";
import { contentFor, pictureKey, PHOTO, sizeOf, wishesFor } from "./scene.js";
import { serverSource } from "./sources.js";
import { createStore, currentFrame, visibleMethods } from "./store.js";
import { rememberedTheme, rememberTheme } from "./theme.js";
import { UPLOAD_GALLERY, uploadSource } from "./upload.js";
import { parseView } from "./url-state.js";

/** Pictures kept for going back: about 250 KITTI depths. */
const CACHE_BYTES = 256 * 2 ** 20;

const store = createStore();
const root = document.documentElement;
const gridRoot = find(".grid", HTMLElement);
const grid = createGrid(gridRoot);
const legend = createLegend(find(".legend", HTMLElement));
const server = serverSource();
const uploads = uploadSource(schedule);
const loader = createLoader(store, { server, uploads: uploads.source, onList: schedule });
/** @type {ReturnType<typeof createFrameCache<Picture>>} */
const cache = createFrameCache({
  maxBytes: CACHE_BYTES,
  sizeOf,
  dispose: (picture) => picture.unit === "photo" && picture.bitmap.close(),
  onSettled: schedule,
});
const inspector = new DpmInspector(find(".inspector", HTMLElement), {
  source: () => loader.sourceOf(store.get().view.gallery),
  readings: () => {
    const at = markedPlace(store.get());
    return grid
      .panes()
      .flatMap((pane) => (pane.method && at ? { method: pane.method, depth: pane.depthAt(at) } : []));
  },
});
const pointer = installPointer(gridRoot, {
  panes: grid.panes,
  onPick: (at) => {
    const pixel = pixelOf(at);
    if (pixel) store.dispatch({ type: "view/set", change: { pixel } });
  },
});

/** @param {import("./pane.js").Cursor} at @returns {[number, number]|null} pixel of the photo */
function pixelOf({ u, v }) {
  const size = photoSize(store.get());
  return size && [Math.floor(u * size.width), Math.floor(v * size.height)];
}

/** Size of the upright photo; of what is painted where the gallery doesn't know. @param {State} state */
function photoSize(state) {
  const frame = currentFrame(state);
  if (!frame) return null;
  if (frame.width) return { width: frame.width, height: frame.height };
  const painted = grid.panes().find((pane) => pane.canvas.width > 1)?.canvas;
  return painted ? { width: painted.width, height: painted.height } : null;
}

/** @param {State} state */
function markedPlace(state) {
  const size = photoSize(state);
  const { pixel } = state.view;
  return size && pixel && { u: (pixel[0] + 0.5) / size.width, v: (pixel[1] + 0.5) / size.height };
}

let scheduled = 0;
/** Paint before the next picture of the screen, once, however much changed. */
function schedule() {
  scheduled ||= requestAnimationFrame(() => {
    scheduled = 0;
    render(store.get());
  });
}

/** @param {State} state */
function render(state) {
  updateToolbar(state, loader.galleries());
  const others = loader.galleries().filter((gallery) => gallery.id !== state.view.gallery);
  gridRoot.hidden = showBlank(state, others);
  if (state.failure) root.dataset.viewer = "error";
  if (!state.gallery) return;
  legend.update(state);
  updateTimeline(state);
  if (methodsMenu.matches(":popover-open")) updateMethodsMenu(methodsMenu, state);
  const complete = renderPanes(state);
  inspector.update(state);
  pointer.refresh();
  const frame = currentFrame(state);
  document.title = frame
    ? `${frame.title} (${state.view.index}:${state.gallery.frames.length}) · tiekd`
    : "tiekd viewer";
  root.dataset.viewer = complete ? "ready" : "loading";
}

/** @param {State} state @returns {boolean} whether every pane shows what it should */
function renderPanes(state) {
  const frame = currentFrame(state);
  const panes = grid.update(state);
  if (!frame || !state.gallery) return true;
  const reference = visibleMethods(state)[state.view.diff - 1];
  const at = markedPlace(state);
  let complete = true;
  for (const pane of panes) {
    const content = contentFor(state, pane.method, cache.peek);
    complete &&= content.mode !== "loading";
    pane.show(content, {
      frameId: frame.id,
      title: frame.title,
      aspect: grid.aspect(),
      progress:
        state.gallery.id === UPLOAD_GALLERY ? uploads.progress(frame.id, pane.method?.id ?? "") : null,
      isReference: reference !== undefined && pane.method?.id === reference.id,
    });
    pane.mark(at);
  }
  return complete;
}

store.subscribe((now, _before, how) => {
  const { view } = now;
  Object.assign(root.dataset, {
    viewer: now.failure ? "error" : "loading",
    index: String(view.index),
    diff: String(view.diff),
    theme: view.theme,
  });
  if (how.type === "theme/next") rememberTheme(view.theme);
  cache.want(wishesFor(now, loader.sourceOf(view.gallery)));
  schedule();
});
syncHistory(store);

const methodsMenu = find("#methods-menu", HTMLElement);
methodsMenu.addEventListener("toggle", () => {
  const open = methodsMenu.matches(":popover-open");
  find("[data-action=methods]", HTMLElement).setAttribute("aria-expanded", String(open));
  schedule();
});
const overlays = Object.fromEntries(
  [...document.querySelectorAll("dialog[data-overlay]")].map((dialog) => [
    dialog.getAttribute("data-overlay"),
    /** @type {HTMLDialogElement} */ (dialog),
  ]),
);
const openOverlayName = () => Object.keys(overlays).find((name) => overlays[name].open) ?? null;

/** @param {string|null} name  the one that is open closes */
function openOverlay(name) {
  const open = openOverlayName();
  if (open) overlays[open].close();
  if (name === null || name === open) return;
  if (name === "list") renderFavorites(overlays.list, store.get());
  overlays[name].showModal();
}

const commands = createCommands({
  store,
  pixelUnderCursor: () => {
    const at = pointer.cursor();
    return at && pixelOf(at);
  },
  favoritesChanged: () => {
    if (overlays.list.open) renderFavorites(overlays.list, store.get());
    schedule();
  },
  openOverlay,
  download,
  retry,
  retryAll: start,
  toggleMethods: (anchor) => {
    updateMethodsMenu(methodsMenu, store.get());
    const { left, bottom } = anchor.getBoundingClientRect();
    methodsMenu.style.left = `${left}px`;
    methodsMenu.style.top = `${bottom + 4}px`;
    methodsMenu.togglePopover();
    if (methodsMenu.matches(":popover-open")) methodsMenu.querySelector("input")?.focus(); // it is far off by Tab
  },
});

/** Load the pictures of a pane again after a failure. @param {string} methodId */
function retry(methodId) {
  const state = store.get();
  const frame = currentFrame(state);
  if (!state.gallery || !frame) return;
  if (state.gallery.id === UPLOAD_GALLERY && methodId !== PHOTO) uploads.retry(frame.id, methodId);
  cache.forget(pictureKey(state.gallery, methodId, frame));
  cache.want(wishesFor(state, loader.sourceOf(state.gallery.id)));
  root.dataset.viewer = "loading";
  schedule();
}

/** Save what a pane shows, as it is shown. @param {string} methodId */
function download(methodId) {
  const state = store.get();
  const pane = grid.panes().find((candidate) => (candidate.method?.id ?? PHOTO) === methodId);
  if (!pane || pane.element.dataset.error !== undefined) return;
  const { mode, frame } = pane.element.dataset;
  const reference = visibleMethods(state)[state.view.diff - 1];
  const what = mode === "diff" && reference ? ` minus ${reference.id}` : "";
  pane.canvas.toBlob((blob) => {
    if (!blob) return notify("This browser could not make a file of the picture.", { error: true });
    const href = URL.createObjectURL(blob);
    h("a", { href, download: `[${methodId}${what}] ${frame}.png`.replaceAll(/[/\\:]/g, "_") }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  });
}

/** @param {File[]} files */
async function addPhotos(files) {
  try {
    let index = 0;
    for (const file of files) index = await uploads.add(file);
    await loader.refreshOwn();
    store.dispatch({ type: "gallery/choose", id: UPLOAD_GALLERY, index });
  } catch (error) {
    notify(messageOf(error), { error: true });
  }
}

async function start() {
  const view = parseView(location.search);
  await loader.start({ ...view, theme: view.theme === "auto" ? rememberedTheme() : view.theme });
}

renderHelp(/** @type {HTMLDialogElement} */ (overlays.help));
installControls(commands, store);
installKeyboard({ run: (command, how) => commands[command]?.(how), overlay: openOverlayName });
installUpload(addPhotos);
announceKeys(document);
start();
