/**
 * The keyboard's cursor: it goes over the pictures pixel by pixel, all panes read it, and it is read out.
 *
 * @import { State } from "../state/types.js"
 * @import { Store } from "../state/store.js"
 * @import { Grid } from "../panels/grid.js"
 * @import { Cursor } from "../panels/stage.js"
 */
import { pixelOf } from "../panels/scene.js";
import { hush, speak } from "../panels/spoken.js";
import { currentFrame, walkOf } from "../state/selectors.js";
import { clamp } from "../state/targets.js";
import { placement, visiblePixels } from "../state/window.js";

/** In a part of the picture the cursor takes that part along. @param {Store} store @param {Grid} grid @param {[number, number]} pixel @param {boolean} repeat */
function keepInSight(store, grid, [x, y], repeat) {
  const { zoom, at } = store.get().view;
  const [size, room] = [grid.photoSize(), grid.main()?.stage.room];
  if (zoom === "fit" || !size || !room) return;
  const { x0, y0, x1, y1 } = visiblePixels(placement({ zoom, at }, size, room), size, room);
  if (x > x0 && y > y0 && x < x1 - 1 && y < y1 - 1) return;
  store.dispatch({ type: "view/set", change: { at: [x + 0.5, y + 0.5] } }, { repeat });
}

/**
 * `move` takes the cursor along; `follow` tells, after a render, which frame is on show now and what the cursor reads in
 * it, once nothing has changed for a moment.
 * @param {Store} store @param {Grid} grid
 * @param {{cursor: () => Cursor|null, put: (at: Cursor) => void}} pointer
 */
export function keyboardCursor(store, grid, pointer) {
  /** @type {Cursor|null} where the keyboard has put the cursor; the pointer may have taken it since */
  let put = null;
  /** @type {string|null} */
  let toldFrame = null;
  let toldReadings = "";

  /** Place and readings of all methods; empty where the cursor is the pointer's. */
  function readings() {
    const at = put && pointer.cursor() === put ? put : null;
    const pixel = at && pixelOf(at, grid);
    if (!at || !pixel) return "";
    const methods = grid.panes().filter(({ method }) => method !== null); // the photo has its place only
    return [`Column ${pixel[0]}, row ${pixel[1]}`, ...methods.flatMap((pane) => pane.words(at) ?? [])].join(
      ". ",
    );
  }

  function tell() {
    const frame = frameNow(store.get());
    const words = [frame.id === toldFrame ? "" : frame.words, (toldReadings = readings())];
    toldFrame = frame.id;
    return words.filter(Boolean).join(". ");
  }

  return {
    /** @param {number} dx @param {number} dy @param {boolean} repeat */
    move(dx, dy, repeat) {
      const size = grid.photoSize();
      if (!size) return;
      const under = pointer.cursor();
      const from =
        store.get().view.pixel ??
        (under && pixelOf(under, grid)) ??
        /** @type {const} */ ([Math.floor(size.width / 2), Math.floor(size.height / 2)]);
      const x = clamp(from[0] + dx, size.width - 1);
      const y = clamp(from[1] + dy, size.height - 1);
      put = { u: (x + 0.5) / size.width, v: (y + 0.5) / size.height };
      keepInSight(store, grid, [x, y], repeat);
      pointer.put(put);
      if (store.get().view.pixel) store.dispatch({ type: "pixel/move", dx, dy }, { repeat });
      speak(tell);
    },
    /** @param {boolean} complete  whether all panes show the frame */
    follow(complete) {
      if (!complete) return hush();
      const { id } = frameNow(store.get());
      toldFrame ??= id; // the page's title says the first one
      const now = readings();
      if (id !== toldFrame || (now && now !== toldReadings)) speak(tell);
    },
  };
}

/** The frame on show; a slider that has the focus tells its name by itself. @param {State} state */
function frameNow(state) {
  const frame = currentFrame(state);
  const walk = walkOf(state);
  const told = document.activeElement?.matches("[data-action=scrub]");
  return {
    id: JSON.stringify([state.view.gallery, frame?.id]),
    words: frame && !told ? `${frame.title}, ${walk.indexOf(state.view.index) + 1} of ${walk.length}` : "",
  };
}
