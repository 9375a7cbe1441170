import assert from "node:assert/strict";
import { after, before, beforeEach, mock, test } from "node:test";

import { contentFor } from "../../static/viewer/panels/content.js";
import { Foresight } from "../../static/viewer/panels/foresight.js";
import { pictureKey } from "../../static/viewer/sources/wishes.js";
import { depths, fakeCanvas, gallery, stateOf } from "./kit.js";

const [A, B, C] = gallery().methods;
const G = gallery({ methods: [A, B, C] });

before(() => {
  globalThis.window = {};
  mock.timers.enable({ apis: ["setTimeout"] });
});
after(() => {
  mock.timers.reset();
  delete globalThis.window;
});

/** Pictures of two frames. */
let pictures;
const peek = (key) => (pictures.has(key) ? { state: "done", value: pictures.get(key) } : null);

/** Others than before, as after a step to another frame. */
function load() {
  const all = [0, 1].flatMap((frame) =>
    [A, B, C].map((method, i) => [pictureKey(G, method.id, G.frames[frame]), depths(256, 512 * (i + 1))]),
  );
  pictures = new Map(all);
}

beforeEach(load);

/** Whether what a pane would show has been computed: then a change of its pictures is not seen. */
function isForeseen(view, method) {
  const { mode, given } = contentFor(stateOf(view, G), method, peek);
  const canvas = fakeCanvas();
  for (const { values } of given.pictures) values.fill(0);
  mode.paint(canvas, given);
  return canvas.pixels[3] === 255;
}

function rested(foresight, view, complete = true) {
  foresight.update(stateOf(view, G), peek, complete);
  rest();
}

/** Each timer may start the next. */
function rest() {
  for (let i = 0; i < 100; i++) mock.timers.tick(100);
}

test("a page that rests computes the next frame, and the difference to the truth or the first method", () => {
  rested(new Foresight(), {});
  assert.ok(isForeseen({ diff: 1 }, B));
  assert.ok(isForeseen({ index: 1 }, B));
});

test("the difference is that to the method which was compared with last", () => {
  const foresight = new Foresight();
  rested(foresight, { diff: 3 });
  load();
  rested(foresight, {});
  assert.ok(isForeseen({ diff: 3 }, B));
});

test("the differences to the other methods are computed then, too", () => {
  rested(new Foresight(), {});
  assert.ok(isForeseen({ diff: 2 }, C));
});

test("before the page has rested nothing is computed", () => {
  new Foresight().update(stateOf({}, G), peek, true);
  mock.timers.tick(100);
  assert.ok(!isForeseen({ diff: 1 }, B));
  rest();
});

test("while comparing, the next frame is compared, too", () => {
  rested(new Foresight(), { diff: 2, mode: "absolute" });
  assert.ok(isForeseen({ index: 1, diff: 2 }, C));
});

test("a page that changes again, or that still loads, computes nothing", () => {
  const foresight = new Foresight();
  foresight.update(stateOf({}, G), peek, true);
  mock.timers.tick(50);
  foresight.update(stateOf({}, G), peek, false);
  rest();
  assert.ok(!isForeseen({ index: 1 }, B));
});

test("pictures that would push out what is on show are not computed", () => {
  for (const [key] of pictures) pictures.set(key, { ...depths(1), width: 2048, height: 1024 });
  const seen = [];
  for (const picture of pictures.values())
    Object.defineProperty(picture, "values", { get: () => (seen.push(picture), new Uint16Array(1)) });
  rested(new Foresight(), {});
  assert.deepEqual(seen, []);
});
