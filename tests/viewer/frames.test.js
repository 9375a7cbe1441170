import assert from "node:assert/strict";
import { test } from "node:test";

import { scanWords } from "../../static/viewer/panels/scan.js";
import { unknownPart, wanted } from "../../static/viewer/sources/follow.js";
import { pictureKey } from "../../static/viewer/sources/wishes.js";
import * as frames from "../../static/viewer/state/frames.js";
import { reduce } from "../../static/viewer/state/reducer.js";
import { currentFrame } from "../../static/viewer/state/selectors.js";
import { gallery, stateOf } from "./kit.js";

const frame = (id, more = {}) => ({ id, title: id, width: 8, height: 4, has_image: false, ...more });

/** Frames 2 and 3 of a gallery of six, as the server answers them. */
const page = (more = {}) => {
  const { frames: _all, ...rest } = gallery({ version: "v1", has_images: true });
  return { ...rest, offset: 2, n_frames: 6, frames: [frame("f2"), frame("f3")], ...more };
};
const opened = () => frames.galleryOf(page());
const ids = (of) => of.frames.map((one) => one?.id ?? null);

test("a page gives every frame a place, and the others are not known", () => {
  const { offset, n_frames, ...rest } = page();
  assert.deepEqual(opened(), { ...rest, frames: [null, null, frame("f2"), frame("f3"), null, null] });
  assert.equal(frames.countOf(opened()), 6);
  assert.equal(frames.frameAt(opened(), 2).id, "f2");
  assert.equal(frames.frameAt(opened(), 5), null);
  assert.deepEqual(frames.knownFrames(opened()), [
    [2, frame("f2")],
    [3, frame("f3")],
  ]);
  assert.deepEqual([frames.placeOf(opened(), "f3"), frames.placeOf(opened(), "f0")], [3, -1]);
  assert.deepEqual([frames.isWhole(opened()), frames.isWhole(gallery())], [false, true]);
});

test("whether frames have photos is said by the gallery, else by its frames", () => {
  assert.equal(frames.hasPhotos(opened()), true);
  assert.equal(frames.hasPhotos(gallery({ frames: [frame("a")] })), false);
  assert.equal(frames.hasPhotos(gallery()), true);
});

test("without a gallery there are no frames", () => {
  assert.deepEqual([frames.countOf(null), frames.frameAt(null, 0), frames.placeOf(null, "a")], [0, null, -1]);
  assert.deepEqual([frames.knownFrames(null), frames.hasPhotos(null)], [[], false]);
});

test("a page fills its places; one of another version, or of another gallery, does not", () => {
  const state = stateOf({ index: 2 }, opened());
  const first = { type: "gallery/page", page: page({ offset: 0, frames: [frame("f0"), frame("f1")] }) };
  assert.deepEqual(ids(reduce(state, first).gallery), ["f0", "f1", "f2", "f3", null, null]);
  assert.equal(reduce(state, { ...first, page: { ...first.page, version: "v2" } }), state);
  assert.equal(reduce(state, { ...first, page: { ...first.page, id: "other" } }), state);
});

test("the frame on show is wanted first, then its neighbours, then nothing", () => {
  const part = (index, view = {}) => wanted(stateOf({ index, ...view }, opened()));
  assert.deepEqual(part(5), { around: 5 });
  assert.deepEqual(part(3), { around: 4 });
  assert.deepEqual(part(2), { around: 1 });
  assert.equal(part(2, { indexes: [2, 3] }), null);
  assert.equal(wanted(stateOf()), null);
});

test("other frames follow from the frame on show to the end, and then from the start", () => {
  assert.deepEqual(unknownPart(opened(), 2), { offset: 4, limit: 1000 });
  const filled = frames.withPage(opened(), page({ offset: 4, frames: [frame("f4"), frame("f5")] }));
  assert.deepEqual(unknownPart(filled, 2), { offset: 0, limit: 2 });
  assert.equal(unknownPart(gallery(), 0), null);
});

test("when files come and go, the frame on show stays on show", () => {
  const before = stateOf({ index: 2 }, gallery({ left_out: [{ name: "a", reason: "b" }] }));
  const names = ["e0", "f0", "f1", "f2", "f3"];
  const now = gallery({ frames: names.map((id) => frame(id)), left_out: [{ name: "a", reason: "b" }] });
  const after = reduce(before, { type: "gallery/changed", gallery: now });
  assert.deepEqual([after.view.index, currentFrame(after).id], [3, "f2"]);
  assert.equal(after.gallery.left_out, before.gallery.left_out, "the same reasons are not told again");
  const gone = reduce(before, { type: "gallery/changed", gallery: gallery({ frames: [frame("f0")] }) });
  assert.deepEqual([gone.view.index, currentFrame(gone).id], [0, "f0"]);
  const walk = stateOf({ index: 2, indexes: [0, 2] });
  assert.equal(reduce(walk, { type: "gallery/changed", gallery: now }).view.index, 2);
});

test("a changed file is loaded again, and only that frame", () => {
  const [one, two] = [frame("a", { version: "1" }), frame("a", { version: "2" })];
  assert.notEqual(pictureKey(gallery(), "m", one), pictureKey(gallery(), "m", two));
  assert.equal(pictureKey(gallery(), "m", one), pictureKey(gallery({ version: "9" }), "m", { ...one }));
});

test("how far the server is with reading is said in words", () => {
  assert.equal(scanWords({ read: 20_400, files: 80_000 }), "Reading 80,000 files: 25 %");
  assert.equal(scanWords({ read: 0, files: 0 }), "Reading 0 files: 0 %");
});
