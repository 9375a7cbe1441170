import assert from "node:assert/strict";
import { test } from "node:test";

import { Line } from "../../static/viewer/sources/line.js";

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A line whose turns the test ends by hand; `served` holds who has had a turn. */
function lineOf() {
  const served = [];
  let end = () => {};
  const line = new Line((one) => {
    served.push(one);
    return new Promise((resolve) => (end = resolve));
  });
  return { line, served, end: () => (end(), settle()) };
}

test("one after another, in the order in which they came", async () => {
  const { line, served, end } = lineOf();
  for (const one of ["a", "b", "b", "c"]) line.add(one);
  assert.deepEqual(served, ["a"]);
  await end();
  await end();
  assert.deepEqual(served, ["a", "b", "c"]);
});

test("who is preferred comes next, also when it is preferred before it waits", async () => {
  const { line, served, end } = lineOf();
  line.prefer("c");
  for (const one of ["a", "b", "c"]) line.add(one);
  await end();
  assert.deepEqual(served, ["a", "c"]);
  line.prefer(null);
  await end();
  assert.deepEqual(served, ["a", "c", "b"]);
});

test("who is served comes again when it asks again", async () => {
  const { line, served, end } = lineOf();
  line.add("a");
  line.add("a");
  await end();
  assert.deepEqual(served, ["a", "a"]);
});

test("who leaves is not served, and the line goes on", async () => {
  const { line, served, end } = lineOf();
  for (const one of ["a", "b", "c"]) line.add(one);
  line.leave("b");
  await end();
  assert.deepEqual(served, ["a", "c"]);
});
