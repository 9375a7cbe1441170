/**
 * The pointer over the pictures: one place, read in all panes at once; a click marks a pixel.
 *
 * @import { Pane } from "../panels/pane.js"
 * @import { Cursor } from "../panels/stage.js"
 */

/**
 * @param {HTMLElement} root  holds the panes
 * @param {{panes: () => Pane[], onPick: (at: Cursor) => void}} page
 */
export function installPointer(root, { panes, onPick }) {
  /** @type {Cursor|null} */
  let cursor = null;

  /** The middle of the pixel under the pointer, as fractions; null beside the pictures. @param {PointerEvent|MouseEvent} event @returns {Cursor|null} */
  function place(event) {
    const stage = event.target instanceof Element ? event.target.closest(".stage") : null;
    return (
      panes()
        .find((pane) => pane.stage.element === stage)
        ?.stage.cursorAt(event) ?? null
    );
  }

  function point() {
    for (const pane of panes()) pane.point(cursor);
  }

  root.addEventListener("pointermove", (event) => {
    cursor = place(event);
    point();
  });
  root.addEventListener("pointerleave", () => {
    cursor = null;
    point();
  });
  root.addEventListener("click", (event) => {
    const at = event.target instanceof Element && event.target.closest("button") ? null : place(event);
    if (at) onPick(at);
  });

  return {
    /** Read the panes again, after they show something else. */
    refresh: point,
    cursor: () => cursor,
    /** Read another place, until the pointer moves. @param {Cursor} at */
    put(at) {
      cursor = at;
      point();
    },
  };
}
