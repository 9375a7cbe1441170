import assert from "node:assert/strict";
import { test } from "node:test";

import { binAt, depthAtX, xOf } from "../../static/viewer/panels/dpm-chart.js";
import { gridLayout, largeLayout, layout } from "../../static/viewer/panels/layout.js";
import { comparisonFor, neighbour, placesOf } from "../../static/viewer/panels/places.js";
import { gallery, method, stateOf } from "./kit.js";

const room = { count: 4, aspect: 3, width: 1208, height: 500, label: 20, columns: 0 };

test("panes take the columns that make pictures largest", () => {
  assert.deepEqual(layout(room), { columns: 2, paneWidth: 600 });
  assert.deepEqual(layout({ ...room, count: 1 }), { columns: 1, paneWidth: 1208 });
  assert.deepEqual(layout({ ...room, height: 2000 }), { columns: 1, paneWidth: 1208 });
});

test("chosen columns share the width", () => {
  assert.deepEqual(layout({ ...room, columns: 3 }), { columns: 3, paneWidth: 397 });
});

test("panes don't shrink below what can be seen; the page scrolls instead", () => {
  assert.deepEqual(layout({ ...room, count: 12, height: 300 }), { columns: 3, paneWidth: 397 });
  assert.deepEqual(layout({ ...room, count: 12, width: 300, height: 300 }), { columns: 1, paneWidth: 300 });
});

test("with few methods the photo takes the room that a grid leaves", () => {
  const wide = { aspect: 3.3, width: 1904, height: 930, label: 28, columns: 0, photo: true };
  const { columns, paneWidth, photoWidth } = gridLayout({ ...wide, count: 3 });
  assert.deepEqual([columns, paneWidth, photoWidth], [2, 948, 1904]);
  const area = (photoWidth ** 2 + 2 * paneWidth ** 2) / 3.3;
  assert.ok(area > 0.8 * wide.width * wide.height, "the window is well used");
  assert.equal(gridLayout({ ...wide, count: 12 }).photoWidth, 0);
  assert.equal(gridLayout({ ...wide, count: 3, photo: false }).photoWidth, 0);
  assert.equal(gridLayout({ ...wide, count: 3, columns: 2 }).photoWidth, 0, "chosen columns are kept");
});

test("beside a large pane the small ones stand where it can be larger", () => {
  const wide = largeLayout({ count: 11, aspect: 3.3, width: 1904, height: 930, label: 28 });
  assert.deepEqual([wide.side, wide.large], ["below", 1904]);
  assert.ok(wide.paneWidth >= 150);
  const tall = largeLayout({ count: 3, aspect: 4 / 3, width: 1904, height: 930, label: 28 });
  assert.deepEqual([tall.side, tall.large], ["right", 1202]);
  assert.ok(tall.large + 8 + tall.columns * (tall.paneWidth + 8) - 8 <= 1904);
  const alone = largeLayout({ count: 0, aspect: 2, width: 400, height: 900, label: 28 });
  assert.equal(alone.large, 400);
});

const WITH_TRUTH = gallery({ methods: [method("gt", { family: "ground_truth" }), method("a"), method("b")] });
const IDS = ["image", "gt", "a", "b"];

test("each pane has its place in a layout", () => {
  const places = (view) => placesOf(stateOf(view, WITH_TRUTH), IDS).join(" ");
  assert.equal(places({}), "grid grid grid grid");
  assert.equal(places({ layout: "solo" }), "strip strip large strip");
  assert.equal(places({ layout: "solo", focus: "b" }), "strip strip strip large");
  assert.equal(places({ layout: "solo", focus: "image" }), "large strip strip strip");
  assert.equal(places({ layout: "solo", focus: "gone" }), "strip strip large strip");
  assert.equal(places({ layout: "split" }), "strip over large strip");
  assert.equal(places({ layout: "split", focus: "gt" }), "strip large over strip");
  assert.equal(places({ layout: "split", mode: "absolute", diff: 3 }), "strip strip large over");
  assert.equal(places({ layout: "split", focus: "a", beside: "image" }), "over strip large strip");
  assert.equal(places({ layout: "overlay" }), "under strip large strip");
  assert.equal(places({ layout: "overlay", focus: "image" }), "under strip large strip");
});

test("a pane is looked at with the reference, else the ground truth, whatever a split showed before", () => {
  const other = (view) => comparisonFor("a", stateOf({ beside: "image", ...view }, WITH_TRUTH), IDS);
  assert.equal(other({}), "gt");
  assert.equal(other({ layout: "split" }), "gt");
  assert.equal(other({ reference: 3 }), "b");
  assert.equal(other({ mode: "absolute", diff: 3 }), "b");
  assert.equal(other({ mode: "absolute", diff: 2 }), "gt", "not with itself");
  assert.equal(comparisonFor("gt", stateOf({}, WITH_TRUTH), IDS), "a");
});

test("the keys walk the methods, around the end and past the other one", () => {
  assert.equal(neighbour(IDS, "a", 1, null), "b");
  assert.equal(neighbour(IDS, "b", 1, null), "gt");
  assert.equal(neighbour(IDS, "gt", -1, null), "b");
  assert.equal(neighbour(IDS, "a", -1, "gt"), "b");
});

test("depths lie on the chart by their axis, and outside of it at its ends", () => {
  const linear = { min: 0, max: 80, spread: "linear" };
  assert.deepEqual(
    [-1, 0, 20, 80, 99].map((depth) => xOf(depth, linear)),
    [0, 0, 90, 360, 360],
  );
  const log = { min: 1, max: 16, spread: "log" };
  assert.deepEqual(
    [0, 1, 4, 16].map((depth) => xOf(depth, log)),
    [0, 0, 180, 360],
  );
  assert.equal(depthAtX(90, linear), 20);
  assert.equal(depthAtX(180, log), 4);
});

test("a depth lies in one bin, or in none", () => {
  const distribution = { bin_edges_m: [1, 2, 4], probability: [0.25, 0.75] };
  assert.deepEqual(binAt(distribution, 2), { from: 2, to: 4, probability: 0.75 });
  assert.deepEqual(binAt(distribution, 1.9), { from: 1, to: 2, probability: 0.25 });
  assert.equal(binAt(distribution, 0.5), null);
  assert.equal(binAt(distribution, 4), null);
});
