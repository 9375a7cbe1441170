/**
 * The keyboard's cursor: it goes over the pictures pixel by pixel, all panes read it, and it is read out.
 *
 * @import { Store } from "../state/store.js"
 * @import { Grid } from "../panels/grid.js"
 * @import { Cursor } from "../panels/stage.js"
 */
import { pixelOf } from "../panels/scene.js";
import { speak } from "../panels/spoken.js";
import { clamp } from "../state/targets.js";
import { placement, visiblePixels } from "../state/window.js";

/** In a part of the picture the cursor takes that part along. @param {Store} store @param {Grid} grid @param {[number, number]} pixel @param {boolean} repeat */
function keepInSight(store, grid, [x, y], repeat) {
  const { zoom, at } = store.get().view;
  const [size, room] = [grid.photoSize(), grid.panes()[0]?.stage.room];
  if (zoom === "fit" || !size || !room) return;
  const { x0, y0, x1, y1 } = visiblePixels(placement({ zoom, at }, size, room), size, room);
  if (x > x0 && y > y0 && x < x1 - 1 && y < y1 - 1) return;
  store.dispatch({ type: "view/set", change: { at: [x + 0.5, y + 0.5] } }, { repeat });
}

/**
 * @param {Store} store @param {Grid} grid
 * @param {{cursor: () => Cursor|null, put: (at: Cursor) => void}} pointer
 * @returns {(dx: number, dy: number, repeat: boolean) => void}
 */
export function keyboardCursor(store, grid, pointer) {
  return (dx, dy, repeat) => {
    const size = grid.photoSize();
    if (!size) return;
    const under = pointer.cursor();
    const from =
      store.get().view.pixel ??
      (under && pixelOf(under, grid)) ??
      /** @type {const} */ ([Math.floor(size.width / 2), Math.floor(size.height / 2)]);
    const x = clamp(from[0] + dx, size.width - 1);
    const y = clamp(from[1] + dy, size.height - 1);
    const at = { u: (x + 0.5) / size.width, v: (y + 0.5) / size.height };
    keepInSight(store, grid, [x, y], repeat);
    pointer.put(at);
    if (store.get().view.pixel) store.dispatch({ type: "pixel/move", dx, dy }, { repeat });
    speak(() =>
      [`Column ${x}, row ${y}`, ...grid.panes().flatMap((pane) => pane.words(at) ?? [])].join(". "),
    );
  };
}
