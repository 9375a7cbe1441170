import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameCache } from "../../static/viewer/sources/frame-cache.js";
import { Queue } from "../../static/viewer/sources/queue.js";

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A cache of values of one byte each, and loads that the test ends by hand. */
function cacheOf(maxBytes = 100) {
  const [settled, disposed, running] = [[], [], new Map()];
  const cache = new FrameCache({
    maxBytes,
    sizeOf: () => 1,
    dispose: (value) => disposed.push(value),
    onSettled: (key) => settled.push(key),
  });
  const wish = (key) => ({
    key,
    load: (signal) => new Promise((resolve, reject) => running.set(key, { resolve, reject, signal })),
  });
  const want = (...keys) => cache.want(keys.map(wish));
  const end = async (key, value = key) => {
    running.get(key).resolve(value);
    await settle();
  };
  return { cache, want, end, running, settled, disposed };
}

test("six loads run at once, in the order of their urgency", async () => {
  const { want, end, running } = cacheOf();
  want("a", "b", "c", "d", "e", "f", "g", "h");
  assert.deepEqual([...running.keys()], ["a", "b", "c", "d", "e", "f"]);
  await end("c");
  assert.deepEqual([...running.keys()].at(-1), "g");
});

test("what is no longer wanted is given up and never arrives", async () => {
  const { cache, want, end, running, settled, disposed } = cacheOf();
  want("old");
  want("new");
  assert.equal(running.get("old").signal.aborted, true);
  await end("old", "late");
  assert.equal(cache.peek("old"), null);
  assert.deepEqual([settled, disposed], [[], ["late"]]);
  await end("new");
  assert.deepEqual(cache.peek("new"), { state: "done", value: "new" });
});

test("a failure is kept until it is forgotten, then loaded again", async () => {
  const { cache, want, running, end } = cacheOf();
  want("a");
  running.get("a").reject(new Error("no"));
  await settle();
  assert.equal(cache.peek("a").state, "failed");
  want("a");
  assert.equal(cache.peek("a").state, "failed");
  cache.forget("a");
  want("a");
  await end("a");
  assert.equal(cache.peek("a").state, "done");
});

test("when full, what was wanted longest ago leaves first, and nothing that is wanted now", async () => {
  const { cache, want, end, disposed } = cacheOf(2);
  for (const key of ["a", "b"]) {
    want(key);
    await end(key);
  }
  want("a"); // used again
  want("c");
  await end("c");
  assert.deepEqual(disposed, ["b"]);
  want("a", "c", "d");
  await end("d");
  assert.deepEqual(disposed, ["b"], "more than fits, but all of it is wanted");
  assert.ok(["a", "c", "d"].every((key) => cache.peek(key)));
});

test("a queue runs a few jobs at a time and gives each its own outcome", async () => {
  const queue = new Queue(2);
  const started = [];
  const ends = [];
  const job = (name) => () => {
    started.push(name);
    return new Promise((resolve, reject) => ends.push({ resolve, reject }));
  };
  const outcomes = ["a", "b", "c"].map((name) => queue.add(job(name)));
  assert.deepEqual(started, ["a", "b"]);
  ends[0].reject(new Error("no"));
  await assert.rejects(outcomes[0], /no/);
  await settle();
  assert.deepEqual(started, ["a", "b", "c"], "a failure makes room as well");
  ends[2].resolve("done");
  assert.equal(await outcomes[2], "done");
});
