/**
 * Wiring: state → address, pictures, panes; keys and controls → commands. What each part does is in its room.
 *
 * @import { State } from "./state/types.js"
 * @import { Window } from "./state/window.js"
 */
import { createBlink } from "./input/blink.js";
import { installBox } from "./input/box.js";
import { createCommands } from "./input/commands/index.js";
import { goToFrame, useMethod } from "./input/found.js";
import { installControls, moveEnd } from "./input/controls.js";
import { keyboardCursor } from "./input/cursor.js";
import { installUpload } from "./input/drop.js";
import { installEnds } from "./input/ends.js";
import { installKeyboard } from "./input/keyboard.js";
import { announceKeys, GROUPS, KEYMAP } from "./input/keymap.js";
import { installMethodOrder } from "./input/method-order.js";
import { installPointer } from "./input/pointer.js";
import { scriptingOf } from "./input/scripting.js";
import { installZoom } from "./input/zoom.js";
import { showBlank } from "./panels/blank.js";
import { Counting } from "./panels/counting.js";
import { Distributions } from "./panels/distributions.js";
import { find } from "./panels/dom.js";
import { renderFavorites } from "./panels/favorites.js";
import { Filmstrip } from "./panels/filmstrip.js";
import { frameFinding } from "./panels/find-frame.js";
import { methodFinding } from "./panels/find-method.js";
import { renderFinder } from "./panels/finder.js";
import { Foresight } from "./panels/foresight.js";
import { Grid } from "./panels/grid.js";
import { renderHelp } from "./panels/help.js";
import { Legend } from "./panels/legend.js";
import { leftOutNotice, MethodsMenu } from "./panels/methods-menu.js";
import { Minimap } from "./panels/minimap.js";
import { forgetStaying, notify } from "./panels/notice.js";
import { Overlays } from "./panels/overlays.js";
import { PhotoMenu } from "./panels/photo-menu.js";
import { savePicture } from "./panels/save.js";
import { updateScan } from "./panels/scan.js";
import { Probe } from "./panels/probe.js";
import { markedPlace, marksOf, pixelOf, readingsOf, renderPanes } from "./panels/scene.js";
import { SourcesSheet } from "./panels/sources.js";
import { Scores } from "./panels/scores.js";
import { updateTimeline } from "./panels/timeline.js";
import { updateToolbar } from "./panels/toolbar.js";
import { Welcome } from "./panels/welcome.js";
import { followGallery } from "./sources/follow.js";
import { landingOf } from "./sources/config.js";
import { FrameCache } from "./sources/frame-cache.js";
import { isLost, messageOf } from "./sources/http.js";
import { Loader } from "./sources/loader.js";
import { UPLOAD_GALLERY } from "./sources/own-gallery.js";
import { Patience } from "./sources/patience.js";
import { followScores } from "./sources/scores.js";
import { serverSource } from "./sources/server.js";
import { NEEDS_SERVER, NO_SERVER, siteSource } from "./sources/site.js";
import { Uploads } from "./sources/upload.js";
import { isOfFrame, sizeOf, wishesFor } from "./sources/wishes.js";
import { misread, strangersOf, wordsOf } from "./state/corrections.js";
import { changedFields, hooksOf } from "./state/fields.js";
import { countOf } from "./state/frames.js";
import { syncHistory } from "./state/history.js";
import { keepOrder } from "./state/order.js";
import { rawValues } from "./state/query.js";
import { currentFrame, truthOf, walkOf } from "./state/selectors.js";
import { createStore } from "./state/store.js";
import { rememberedTheme } from "./state/theme.js";
import { parseView } from "./state/url.js";
import { isNews } from "./state/visits.js";

/** Pictures kept for going back: about 250 KITTI depths. */
const CACHE_BYTES = 256 * 2 ** 20;

const root = document.documentElement;
/** Where the data of a static export lies; undefined for a page with a server. */
const site = root.dataset.site;
/** Keys that do something here. */
const keys = KEYMAP.filter(({ command }) => !site || !NEEDS_SERVER.includes(command));
const gridRoot = find(".grid", HTMLElement);
const store = createStore();
const uploads = new Uploads({
  onProgress: schedule,
  onChange: () => loader.refreshOwn(),
  onMessage: (message) => notify(message, { error: true, stays: true }),
});
const loader = new Loader(store, {
  server: site ? siteSource(site) : serverSource(() => store.get().view.sources),
  uploads: site ? null : uploads,
  onList: schedule,
  onUnknown: (message) => notify(message, { error: true }),
});
/** @type {FrameCache<import("./state/types.js").Picture>} */
const cache = new FrameCache({
  maxBytes: CACHE_BYTES,
  sizeOf,
  dispose: (picture) => picture.unit === "photo" && picture.bitmap.close(),
  onSettled: (key) => {
    patience.check();
    if (isOfFrame(key, currentFrame(store.get()))) schedule();
    else foresee(store.get()); // the next frame has come nearer, and nothing on show changes
  },
});
const patience = new Patience({
  lost: () => loader.lost || cache.hasFailed(isLost),
  ask: () => (loader.lost ? start() : cache.probe(isLost)),
});
const grid = new Grid(gridRoot, () => {
  pointAgain();
  scores.fit();
});
const scores = new Scores(schedule);
const foresight = new Foresight();
const counting = new Counting();
const legend = new Legend(find(".legend", HTMLElement));
const distributions = new Distributions(find(".inspector", HTMLElement), {
  source: () => loader.sourceOf(store.get().view.gallery),
  readings: () => readingsOf(store.get(), grid),
  focal: () => ownPhoto(store.get())?.fx ?? null,
});
const filmstrip = new Filmstrip();
const methodsMenu = new MethodsMenu(schedule);
const sourcesSheet = new SourcesSheet({
  state: () => store.get(),
  source: () => loader.sourceOf(store.get().view.gallery),
  onChange: (sources) => store.dispatch({ type: "view/set", change: { sources } }),
});
const photoMenu = new PhotoMenu((fx, all) =>
  uploads.setFocal(all ? null : (currentFrame(store.get())?.id ?? ""), fx),
);
const overlays = new Overlays({
  sources: (sheet) => sourcesSheet.fill(sheet),
  help: (sheet) => renderHelp(sheet, keys, { groups: GROUPS, hasServer: !site }),
  list: (sheet) => renderFavorites(sheet, store.get()),
  "find-frame": (sheet) =>
    renderFinder(
      sheet,
      frameFinding(store.get(), (index) => goToFrame(store, index)),
    ),
  "find-method": (sheet) =>
    renderFinder(
      sheet,
      methodFinding(store.get(), (id, use) => useMethod(store, id, use)),
    ),
});
const welcome = new Welcome(KEYMAP);
const probe = new Probe(find(".probe", HTMLElement), {
  state: () => store.get(),
  at: () => {
    const at = pointer.cursor() ?? markedPlace(store.get(), grid);
    return at && grid.snapped(at, truthOf(store.get())?.id);
  },
  pointerX: () => pointer.over()?.point.clientX ?? null,
  photo: () => grid.photoSize(),
  part: () => grid.main()?.stage.sight().x ?? { from: 0, size: 1 },
  peek: (key) => cache.peek(key),
});
const pointer = installPointer(gridRoot, {
  panes: () => grid.panes(),
  onPoint: () => {
    legend.mark(marksOf(store.get(), grid));
    probe.schedule();
  },
  onPick: (at, pane) => {
    const pixel = pixelOf(at, grid);
    if (pane.element.dataset.place === "strip")
      store.dispatch({ type: "view/set", change: { focus: pane.id } });
    else if (pixel) store.dispatch({ type: "view/set", change: { pixel } });
  },
  onPane: () => showMinimap({ redraw: false }),
  snap: (at) => grid.snapped(at, truthOf(store.get())?.id),
});

const keyboard = keyboardCursor(store, grid, pointer);
const minimap = new Minimap((stage, at) => setWindow(stage.centred(at)));
const boxTool = installBox(gridRoot, {
  panes: () => grid.panes(),
  size: () => grid.measuredSize(),
  onDraw: (box) => grid.draw(box),
  onBox: (box) => store.dispatch({ type: "view/set", change: { box } }),
  onTool: (taken) => taken && notify("Drag over a picture: the pixels of that box count. Esc leaves it."),
});
installZoom(gridRoot, { panes: () => grid.panes(), isZoomed, onWindow: setWindow });

/** @param {Window} change */
function setWindow(change) {
  store.dispatch({ type: "view/set", change }, { repeat: true });
}

function isZoomed() {
  return store.get().view.zoom !== "fit";
}

let moved = 0;
/** Follow a change of the window alone: nothing is painted again. @param {State} state */
function follow(state) {
  root.dataset.zoom = String(state.view.zoom);
  grid.look(state);
  probe.schedule();
  moved ||= requestAnimationFrame(() => {
    moved = 0;
    pointAgain();
    foresee(store.get()); // later: not while the picture moves
  });
}

/** The pictures lie elsewhere: something else may be under a pointer that rests. */
function pointAgain() {
  pointer.refresh();
  showMinimap({ redraw: false });
}

/** Over the pane that the pointer was on last. @param {{redraw: boolean}} how */
function showMinimap(how) {
  const last = pointer.lastPane();
  const pane = last && grid.panes().includes(last) ? last : grid.main();
  minimap.show(isZoomed() && pane ? pane.stage : null, how);
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
  probe.schedule();
  updateToolbar(state, loader.galleries());
  const others = loader.galleries().filter((gallery) => gallery.id !== state.view.gallery);
  gridRoot.hidden = showBlank(state, others);
  if (state.failure) {
    root.dataset.viewer = "error";
    root.dataset.busy = "false";
  }
  if (!state.gallery) return;
  legend.update(state);
  filmstrip.update(state);
  updateTimeline(state, filmstrip.errors());
  updateScan(state);
  if (methodsMenu.isOpen()) methodsMenu.update(state);
  const ofUploads = state.gallery.id === UPLOAD_GALLERY;
  photoMenu.update(ownPhoto(state), countOf(state.gallery));
  const peek = (/** @type {string} */ key) => cache.peek(key);
  const complete = renderPanes(state, grid, {
    peek,
    progress: (frameId, methodId) => (ofUploads ? uploads.progress(frameId, methodId) : null),
  });
  counting.update(state);
  scores.update(state, grid.panes(), peek, complete);
  if (!site) distributions.update(state);
  pointer.refresh();
  showMinimap({ redraw: true });
  document.title = titleOf(state);
  keyboard.follow(complete);
  if (complete && !gridRoot.hidden) welcome.offer();
  Object.assign(root.dataset, { viewer: complete ? "ready" : "loading", busy: String(!complete) });
  if (complete) for (const go of waiting.splice(0)) go();
  foresee(state);
}

/** @param {State} state */
function foresee(state) {
  foresight.update(state, (key) => cache.peek(key), root.dataset.busy === "false");
}

/** @type {(() => void)[]} what waits until the frame on show is complete */
const waiting = [];

/** Once the frame on show is complete. @returns {Promise<void>} */
function shown() {
  if (root.dataset.busy === "false") return Promise.resolve();
  return new Promise((resolve) => waiting.push(resolve));
}

/** The visitor's photo on show; null in a gallery of the server. @param {State} state */
function ownPhoto(state) {
  return state.gallery?.id === UPLOAD_GALLERY ? uploads.about(currentFrame(state)?.id) : null;
}

/** @param {State} state */
function titleOf(state) {
  const frame = currentFrame(state);
  const walk = walkOf(state);
  const place = `${walk.indexOf(state.view.index) + 1} of ${walk.length}`;
  return frame ? `${frame.title} (${place}) · tiekd` : "tiekd viewer";
}

store.subscribe((now, before) => {
  const fields = changedFields(before.view, now.view);
  const sameGallery = now.gallery === before.gallery && now.failure === before.failure;
  const wishes = () => cache.want(wishesFor(now, loader.sourceOf(now.view.gallery)));
  if (sameGallery && fields.length === 0) {
    wishes(); // errors of frames came, or their order changed: other frames are next
    return schedule();
  }
  if (sameGallery && fields.every((name) => name === "zoom" || name === "at")) return follow(now);
  const leftOut = now.gallery?.left_out === before.gallery?.left_out ? null : leftOutNotice(now.gallery);
  if (leftOut) notify(leftOut, { error: true });
  Object.assign(root.dataset, { viewer: "loading", busy: "true", ...hooksOf(now.view) });
  if (now.gallery?.id === UPLOAD_GALLERY) uploads.prefer(currentFrame(now)?.id);
  wishes();
  patience.check();
  schedule();
});
const writeAddress = syncHistory(store);
const sortAgain = keepOrder(store);
followGallery(store, (id) => loader.sourceOf(id), shown);
followScores(store, (id) => loader.sourceOf(id), shown);

/** Load everything again that has failed, in all panes and of all frames. */
function retry() {
  const state = store.get();
  const frame = currentFrame(state);
  if (!state.gallery || !frame) return;
  cache.retry();
  Object.assign(root.dataset, { viewer: "loading", busy: "true" });
  schedule();
}

/** @param {File[]} files */
async function addPhotos(files) {
  forgetStaying();
  try {
    const index = await uploads.add(files);
    if (index !== null) store.dispatch({ type: "gallery/choose", id: UPLOAD_GALLERY, index });
  } catch (error) {
    notify(messageOf(error), { error: true, stays: true });
  }
}

/** The address that a link of the second published viewer means; whether the page can go on. */
async function land() {
  try {
    const { search, notes, alone } = await landingOf(location.search, { hasServer: !site });
    if (search !== location.search) history.replaceState(history.state, "", search);
    const words = notes.join(" ");
    if (words && (!alone || isNews(`config ${alone}`, words))) notify(words, { error: true });
    return true;
  } catch (error) {
    store.dispatch({ type: "failed", message: messageOf(error) });
    return false;
  }
}

async function start() {
  writeAddress();
  if (!(await land())) return;
  const view = parseView(location.search);
  for (const wrong of [wordsOf(misread(location.search)), strangersOf(location.search)])
    if (wrong) notify(wrong, { error: true });
  const named = new Set(rawValues(location.search).keys());
  await loader.start({ ...view, theme: view.theme === "auto" ? rememberedTheme() : view.theme }, named);
}

const commands = createCommands({
  store,
  pixelUnderCursor: () => {
    const at = pointer.cursor();
    return at && pixelOf(at, grid);
  },
  moveCursor: keyboard.move,
  depthsOnShow: () => grid.panes().flatMap((pane) => pane.depthPicture() ?? []),
  favoritesChanged: () => {
    overlays.refresh("list");
    sortAgain(); // the filter may ask for favourites
    schedule();
  },
  sortAgain,
  toggleOverlay: (name) => overlays.toggle(name),
  download: (methodId) => {
    const pane = grid.panes().find((candidate) => candidate.id === methodId);
    if (pane) savePicture(pane, store.get().view.mode);
  },
  boxTool,
  retry,
  retryAll: start,
  methodsMenu,
  photoMenu,
  toggleDock: () => distributions.toggleDock(),
  removePhoto: (frameId) => uploads.remove(frameId),
  blink: createBlink({
    state: () => store.get(),
    pane: () => pointer.over()?.pane ?? grid.main(),
    panes: () => grid.panes(),
  }),
  zoom: (next) => {
    const over = pointer.over();
    const stage = over?.pane.stage ?? grid.main()?.stage;
    if (stage) setWindow(stage.zoomed(next, over?.point ?? null));
  },
});
if (site) for (const name of NEEDS_SERVER) commands[name] = () => notify(NO_SERVER);
installControls(commands, store);
installEnds(legend.root, legend, (...moved) => moveEnd(store, ...moved));
installKeyboard({
  run(command, how) {
    welcome.dismiss();
    commands[command]?.(how);
  },
  overlay: () => overlays.open(),
});
document.addEventListener("click", () => welcome.dismiss());
installMethodOrder(store);
installUpload(site ? () => notify(NO_SERVER) : addPhotos);
announceKeys(document);
Object.defineProperty(window, "tiekd", { value: scriptingOf(store, (key) => cache.peek(key)) });
start();
