/**
 * How panes share the window. Pure.
 */

/** Space between panes in CSS pixels; panes.css has the same number. */
const GAP = 8;
/** Panes narrower than this show too little; then the page scrolls instead. */
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
