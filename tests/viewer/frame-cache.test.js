import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameCache } from "../../static/viewer/sources/frame-cache.js";
import { Patience } from "../../static/viewer/sources/patience.js";

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

test("trying again forgets every failure, also of what is not wanted now", async () => {
  const { cache, want, running, end } = cacheOf();
  for (const key of ["far", "near"]) {
    want(key);
    running.get(key).reject(new Error("no"));
    await settle();
  }
  cache.retry();
  assert.equal(cache.peek("near"), null);
  assert.equal(cache.peek("far"), null);
  await end("near");
  assert.equal(cache.peek("near").state, "done");
});

test("a failure is probed quietly; when it arrives, all failures are loaded again", async () => {
  const { cache, want, running, end, settled } = cacheOf();
  want("a", "b");
  for (const key of ["a", "b"]) running.get(key).reject(new Error("away"));
  await settle();
  const away = (error) => error.message === "away";
  assert.equal(cache.hasFailed(away), true);
  assert.equal(
    cache.hasFailed(() => false),
    false,
  );
  running.clear();
  cache.probe(away);
  assert.deepEqual([...running.keys()], ["a"], "one of them is enough");
  assert.equal(cache.peek("a").state, "failed", "it stands until there is news");
  running.get("a").reject(new Error("away"));
  await settle();
  assert.equal(cache.peek("b").state, "failed");
  cache.probe(away);
  await end("a");
  assert.equal(cache.peek("b"), null);
  await end("b");
  assert.deepEqual([cache.hasFailed(away), settled.at(-1)], [false, "b"]);
});

test("while something is lost it is asked for again, with growing pauses", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  let lost = true;
  const patience = new Patience({ lost: () => lost, ask: () => asked.push(now) });
  let now = 0;
  const until = (end) => {
    for (; now < end; now++) {
      patience.check();
      t.mock.timers.tick(1000);
    }
  };
  until(100);
  const pauses = asked.map((at, i) => at - (asked[i - 1] ?? -1));
  assert.deepEqual(pauses, [2, 4, 8, 16, 30, 30]);
  lost = false;
  until(200);
  assert.equal(asked.length, 6);
  lost = true;
  until(202);
  assert.equal(asked.length, 7, "the next time begins with a short pause");
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
