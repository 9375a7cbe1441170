import assert from "node:assert/strict";
import { test } from "node:test";

import { fit, holds, ranked } from "../../static/viewer/state/fuzzy.js";

const same = (name) => name;

test("all letters of all words must be there, in order; capitals don't matter", () => {
  for (const [query, name] of [
    ["dr51", "2011_09_26_drive_0020_frame_51"],
    ["DRIVE 51", "2011_09_26_drive_0020_frame_51"],
    ["51 drive", "2011_09_26_drive_0020_frame_51"],
    ["", "anything"],
    ["  ", "anything"],
  ])
    assert.notEqual(fit(query, name), null, query);
  for (const [query, name] of [
    ["15", "frame_51"],
    ["drive 7", "drive_51"],
    ["aa", "a"],
  ])
    assert.equal(fit(query, name), null, query);
});

test("whole words go before beginnings of words, those before scattered letters", () => {
  const names = ["xdaxyx", "a_day_in_x", "day", "monday", "d_a_y"];
  assert.deepEqual(ranked("day", names, same), ["day", "a_day_in_x", "monday", "d_a_y", "xdaxyx"]);
});

test("a word of its own goes before the beginning of a longer one", () => {
  assert.deepEqual(ranked("net d", ["depth_net_a", "depth_net_d"], same), ["depth_net_d", "depth_net_a"]);
});

test("numbers and capitals begin words", () => {
  assert.equal(ranked("k", ["backup", "MyKitti"], same)[0], "MyKitti");
  assert.equal(ranked("1", ["frame 21", "frame 12"], same)[0], "frame 12");
});

test("what fits alike keeps its order, and only so many are given", () => {
  assert.deepEqual(ranked("a", ["a1", "a3", "a2"], same), ["a1", "a3", "a2"]);
  assert.deepEqual(ranked("", ["b", "a"], same), ["b", "a"]);
  assert.deepEqual(ranked("a", ["a1", "b", "a2", "a3"], same, 2), ["a1", "a2"]);
});

test("a filter keeps the names that hold each of its words, not those with the same letters", () => {
  const names = Array.from({ length: 40 }, (_, i) => `densedepth_net${i}_run_kitti_eigen_lr1e4`);
  const kept = (query) => names.filter((name) => holds(query, name)).length;
  assert.equal(kept("net1"), 11);
  assert.equal(kept("KITTI net17"), 1);
  assert.equal(kept("kitti nyu"), 0);
  assert.equal(kept(" "), 40);
});
