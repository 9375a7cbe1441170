/**
 * How panes share the window. Pure.
 */

/** Space between panes in CSS pixels; panes.css has the same number. */
const GAP = 8;
/** Small panes beside a large one are at least this wide. */
const MIN_SMALL = 150;
/** Panes narrower than this show too little; then the page scrolls instead. */
const MIN_WIDTH = 340;

/**
 * Columns and pane width of a grid. The first pane, if it is the photo, takes the room that the others leave.
 * @param {Parameters<typeof layout>[0] & {photo: boolean}} room
 */
export function gridLayout({ photo, ...room }) {
  const { columns, paneWidth } = layout(room);
  const alike = { columns, paneWidth, photoWidth: 0 };
  if (!photo || room.columns || columns < 2 || room.count < 3) return alike;
  const rows = Math.ceil((room.count - 1) / columns);
  const left = room.height - rows * (paneWidth / room.aspect + room.label + GAP) - room.label;
  const photoWidth = Math.floor(Math.min(room.width, left * room.aspect));
  return photoWidth > 1.2 * paneWidth ? { columns, paneWidth, photoWidth } : alike;
}

/**
 * One large pane and the others small, below it or at its side, whichever makes the large one larger.
 * @param {Omit<Parameters<typeof layout>[0], "columns">} room  `count`: of the small ones
 */
export function largeLayout({ count, aspect, width, height, label }) {
  const fits = (/** @type {number} */ w, /** @type {number} */ h) =>
    Math.floor(Math.max(MIN_SMALL, Math.min(w, (h - label) * aspect)));
  if (count === 0) return { side: "below", large: fits(width, height), columns: 1, paneWidth: 0 };
  const small = { height: MIN_SMALL / aspect + label + GAP, width: MIN_SMALL + GAP };
  const below = fits(width, height - small.height);
  const beside = fits(width - small.width, height);
  if (below >= beside) {
    const left = height - below / aspect - label - GAP;
    return { side: "below", large: below, ...smallOnes({ count, aspect, width, height: left, label }) };
  }
  const left = width - beside - GAP;
  return { side: "right", large: beside, ...smallOnes({ count, aspect, width: left, height, label }) };
}

/** @param {Omit<Parameters<typeof layout>[0], "columns">} room */
const smallOnes = (room) => layout({ ...room, columns: 0, least: MIN_SMALL });

/**
 * Columns and pane width that make `count` pictures as large as possible.
 * @param {{count: number, aspect: number, width: number, height: number, label: number, columns: number, least?: number}} room
 *   all in CSS pixels; `label` = height of a pane's label; `columns` 0 = choose; `least` = width of a pane
 */
export function layout({ count, aspect, width, height, label, columns, least = MIN_WIDTH }) {
  const widthOf = (/** @type {number} */ c) => Math.floor((width - GAP * (c - 1)) / c);
  if (columns) return { columns, paneWidth: widthOf(columns) };
  let best = { columns: 1, paneWidth: 0 };
  for (let c = 1; c <= Math.max(1, count); c++) {
    const rows = Math.ceil(count / c);
    const pictureHeight = (height - GAP * (rows - 1)) / rows - label;
    const paneWidth = Math.min(widthOf(c), Math.floor(pictureHeight * aspect));
    if (paneWidth > best.paneWidth) best = { columns: c, paneWidth };
  }
  if (best.paneWidth >= Math.min(least, width)) return best;
  const c = Math.max(1, Math.min(count, Math.floor((width + GAP) / (least + GAP))));
  return { columns: c, paneWidth: widthOf(c) };
}
