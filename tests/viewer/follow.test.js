import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { followGallery } from "../../static/viewer/sources/follow.js";
import { galleryOf } from "../../static/viewer/state/frames.js";
import { INITIAL_STATE } from "../../static/viewer/state/reducer.js";
import { createStore } from "../../static/viewer/state/store.js";
import { gallery, method } from "./kit.js";

before(() => (globalThis.document = { hidden: false, addEventListener() {} }));
after(() => delete globalThis.document);

const moment = () => new Promise(setImmediate);

/** A gallery of which one frame is known, its source, what that is asked for, and what ends the first loading. */
function following() {
  let show = () => {};
  const shown = new Promise((resolve) => (show = resolve));
  const { frames, ...about } = gallery({ methods: [method("net")] });
  const pageFrom = (offset) => ({ ...about, version: "1", offset, n_frames: 9, frames: [{ ...frames[0] }] });
  const asked = [];
  const source = {
    async page(_gallery, part) {
      asked.push(part);
      return pageFrom("around" in part ? part.around : part.offset);
    },
    async news() {
      asked.push("news");
      return { version: "1", n_frames: 9 };
    },
  };
  const store = createStore();
  followGallery(
    store,
    () => source,
    () => shown,
  );
  store.dispatch({ type: "view/restore", view: { ...INITIAL_STATE.view, gallery: about.id } });
  const open = () =>
    store.dispatch({
      type: "gallery/opened",
      gallery: galleryOf({ ...pageFrom(0), frames: [frames[0], frames[0]] }),
    });
  return {
    store,
    asked,
    open,
    show: () => show(),
    close: () => store.dispatch({ type: "failed", message: "" }),
  };
}

test("frames that are not on show are asked for after the pictures on show", async () => {
  const { asked, open, show, close } = following();
  open();
  await moment();
  assert.deepEqual(asked, []);
  show();
  await moment();
  assert.deepEqual(asked[0], { offset: 2, limit: 1000 });
  close();
});

test("the frame on show is asked for at once", async () => {
  const { store, asked, open, close } = following();
  open();
  store.dispatch({ type: "frame/go", index: 6 });
  await moment();
  assert.deepEqual(asked[0], { around: 6 });
  close();
});
