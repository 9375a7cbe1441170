/**
 * Everything between toolbar and timeline: the panes, each with what its mode shows, and the place they mark.
 *
 * @import { Photo, State } from "../state/types.js"
 * @import { Peek } from "./content.js"
 * @import { Grid } from "./grid.js"
 * @import { Cursor } from "./stage.js"
 */
import { PHOTO, pictureKey } from "../sources/wishes.js";
import { countOf } from "../state/frames.js";
import { comparedOf, currentFrame, roleOf } from "../state/selectors.js";
import { contentFor } from "./content.js";

/**
 * @param {State} state @param {Grid} grid
 * @param {{peek: Peek, progress: (frameId: string, methodId: string) => string|null}} pictures
 * @returns {boolean} whether every pane shows what it should
 */
export function renderPanes(state, grid, { peek, progress }) {
  const frame = currentFrame(state);
  const panes = grid.update(state);
  if (!frame) return countOf(state.gallery) === 0;
  const reference = comparedOf(state);
  const at = markedPlace(state, grid);
  const photo = photoOf(state, peek);
  let complete = true;
  for (const pane of panes) {
    const content = contentFor(state, pane.method, peek);
    complete &&= content.status !== "loading";
    pane.show(content, {
      frameId: frame.id,
      title: frame.title,
      progress: progress(frame.id, pane.id),
      photo,
      isReference: reference !== null && pane.id === reference.id,
      role: roleOf(state, pane.method),
    });
    pane.stage.mark(at);
  }
  grid.outline(state);
  return complete;
}

/** The photo of the frame on show, as soon as it is there. @param {State} state @param {Peek} peek */
function photoOf(state, peek) {
  const frame = currentFrame(state);
  const known = state.gallery && frame?.has_image ? peek(pictureKey(state.gallery, PHOTO, frame)) : null;
  return known?.state === "done" ? /** @type {Photo} */ (known.value) : null;
}

/** Where the marked pixel lies in the pictures. @param {State} state @param {Grid} grid @returns {Cursor|null} */
export function markedPlace({ view: { pixel } }, grid) {
  const size = grid.photoSize();
  return size && pixel && { u: (pixel[0] + 0.5) / size.width, v: (pixel[1] + 0.5) / size.height };
}

/** The pixel of the photo at a place. @param {Cursor} at @param {Grid} grid @returns {[number, number]|null} */
export function pixelOf({ u, v }, grid) {
  const size = grid.photoSize();
  return size && [Math.floor(u * size.width), Math.floor(v * size.height)];
}

/** Marks on the colour bars of what the panes say at the cursor. @param {State} state @param {Grid} grid */
export function marksOf(state, grid) {
  return grid.panes().flatMap(({ reading, shown, element }) => {
    const bar = shown?.mode.legend(state)?.bar;
    if (reading === null || Number.isNaN(reading) || !bar) return [];
    return { bar, value: reading, family: element.dataset.family ?? "", pointed: element.matches(":hover") };
  });
}

/** What each pane of a method says at the marked pixel. @param {State} state @param {Grid} grid */
export function readingsOf(state, grid) {
  const at = markedPlace(state, grid);
  return grid
    .panes()
    .flatMap((pane) => (pane.method && at ? { method: pane.method, depth: pane.depthAt(at) } : []));
}
