/**
 * The panes of a gallery and how they share the window.
 *
 * @import { State } from "./types.js"
 */
import { Pane } from "./pane.js";
import { currentFrame, visibleMethods } from "./store.js";

/** Height of a pane's label in rem, and space between panes in CSS pixels; viewer.css says the same. */
const LABEL_REM = 1.75;
const GAP = 8;
/** Panes narrower than this say little; then the page scrolls instead. */
const MIN_WIDTH = 340;

/**
 * Columns and pane width that make `count` pictures as large as possible.
 * @param {{count: number, aspect: number, width: number, height: number, label: number, columns: number}} room
 *   all in CSS pixels; `label` = height of a pane's label; `columns` 0 = choose
 */
export function layout({ count, aspect, width, height, label, columns }) {
  const widthOf = (/** @type {number} */ c) => Math.floor((width - GAP * (c - 1)) / c);
  if (columns) return { columns, paneWidth: widthOf(columns) };
  let best = { columns: 1, paneWidth: 0 };
  for (let c = 1; c <= Math.max(1, count); c++) {
    const rows = Math.ceil(count / c);
    const pictureHeight = (height - GAP * (rows - 1)) / rows - label;
    const paneWidth = Math.min(widthOf(c), Math.floor(pictureHeight * aspect));
    if (paneWidth > best.paneWidth) best = { columns: c, paneWidth };
  }
  if (best.paneWidth >= Math.min(MIN_WIDTH, width)) return best;
  const c = Math.max(1, Math.min(count, Math.floor((width + GAP) / (MIN_WIDTH + GAP))));
  return { columns: c, paneWidth: widthOf(c) };
}

/** @param {HTMLElement} root */
export function createGrid(root) {
  /** @type {Pane[]} */
  let panes = [];
  let signature = "";
  /** @type {State|null} */
  let shown = null;

  function arrange() {
    if (!shown) return;
    const style = getComputedStyle(root);
    const width = root.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const height = root.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    const aspect = aspectOf(shown, panes);
    const label = LABEL_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const { columns, paneWidth } = layout({
      count: panes.length,
      aspect,
      width,
      height,
      label,
      columns: shown.view.columns,
    });
    root.style.setProperty("--columns", String(columns));
    root.style.setProperty("--pane-width", `${paneWidth}px`);
  }
  new ResizeObserver(arrange).observe(root);

  return {
    /** Panes for a state: the photo first where frames have one, then the methods. @param {State} state */
    update(state) {
      shown = state;
      const methods = visibleMethods(state);
      const photo = state.gallery?.frames.some((frame) => frame.has_image) ?? false;
      const wanted = JSON.stringify([state.gallery?.id, photo, methods]);
      if (wanted !== signature) {
        signature = wanted;
        panes = methods.map((method, i) => new Pane(method, i + 1));
        if (photo) panes.unshift(new Pane(null, 0));
        root.replaceChildren(...panes.map((pane) => pane.element));
      }
      arrange();
      return panes;
    },
    panes: () => panes,
    aspect: () => (shown ? aspectOf(shown, panes) : 1),
  };
}

/** Width over height of the frame on show; of what is painted where the gallery doesn't know. @param {State} state @param {Pane[]} panes */
function aspectOf(state, panes) {
  const frame = currentFrame(state);
  if (frame?.width && frame.height) return frame.width / frame.height;
  const painted = panes.find((pane) => pane.canvas.width > 1)?.canvas;
  return painted ? painted.width / painted.height : 1.5;
}
