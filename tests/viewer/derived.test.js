import assert from "node:assert/strict";
import { test } from "node:test";

import { derived, room } from "../../static/viewer/paint/derived.js";
import { depths } from "./kit.js";

/** Counts how often something is computed. */
function counting() {
  let count = 0;
  return { compute: () => ({ result: ++count }), count: () => count };
}

test("what follows from the same pictures is computed once", () => {
  const [a, b, c] = [depths(1), depths(1), depths(1)];
  const { compute, count } = counting();
  const first = derived("kind", [a, b], compute);
  assert.equal(derived("kind", [a, b], compute), first);
  assert.equal(count(), 1);
  derived("other kind", [a, b], compute);
  derived("kind", [b, a], compute);
  derived("kind", [a, c], compute);
  derived("kind", [a], compute);
  assert.equal(count(), 5, "another kind, order or picture is something else");
});

test("what was used longest ago makes room", () => {
  const large = () => ({ ...depths(1), width: 2 ** 11, height: 2 ** 11 }); // 16 MiB each
  const [first, ...others] = Array.from({ length: 6 }, large);
  const { compute, count } = counting();
  derived("large", [first], compute);
  for (const picture of others) derived("large", [picture], compute);
  derived("large", [first], compute);
  assert.equal(count(), 6, "six of them fit");
  derived("large", [large()], compute);
  derived("large", [first], compute);
  assert.equal(count(), 7, "the one used last has stayed");
  derived("large", [others[0]], compute);
  assert.equal(count(), 8, "the one used longest ago has left");
});

test("one result larger than all the room is still given", () => {
  const huge = { ...depths(1), width: 2 ** 14, height: 2 ** 14 };
  const { compute } = counting();
  assert.equal(derived("huge", [huge], compute).result, derived("huge", [huge], compute).result);
});

test("an array that has left is filled again, unless its kind or length is another", () => {
  const picture = () => ({ ...depths(1), width: 2 ** 11, height: 2 ** 11 });
  const made = new Uint16Array(3);
  derived("arrays", [picture()], () => made);
  for (let i = 0; i < 6; i++) derived("arrays", [picture()], () => ({}));
  const again = (Kind, length) => room(Kind, length).buffer === made.buffer;
  assert.ok(!again(Int32Array, 3));
  assert.ok(!again(Uint16Array, 4));
  const filled = room(Uint16Array, 3);
  assert.equal(filled.buffer, made.buffer);
  assert.notEqual(filled, made, "it is known by another identity");
  assert.ok(!again(Uint16Array, 3), "it is in use again");
});
