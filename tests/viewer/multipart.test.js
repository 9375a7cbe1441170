import assert from "node:assert/strict";
import { test } from "node:test";

import { partsOf } from "../../static/viewer/sources/multipart.js";

const CRLF = "\r\n";

/** An answer with these parts: headers and bytes. */
function answer(...parts) {
  const bytes = parts.flatMap(([headers, body]) => [
    ...Buffer.from(["--b", ...headers, `Content-Length: ${body.length}`, "", ""].join(CRLF)),
    ...body,
    ...Buffer.from(CRLF),
  ]);
  return Uint8Array.from([...bytes, ...Buffer.from(`--b--${CRLF}`)]);
}

/** What a generator gives, as a list. */
async function all(generator) {
  const found = [];
  for await (const one of generator) found.push(one);
  return found;
}

/** A stream that gives bytes in pieces of one size. */
const streamOf = (bytes, size) =>
  new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });

const BINARY = [13, 10, 45, 45, 98, 13, 10, 0, 255]; // looks like a boundary

for (const size of [1, 7, 1000]) {
  test(`parts are read from pieces of ${size} bytes, whatever is in them`, async () => {
    const whole = answer([["X-Model: a"], BINARY], [["X-Model: b:c", "X-Other:1"], []]);
    const found = await all(partsOf(streamOf(whole, size)));
    assert.deepEqual(
      found.map(({ headers, body }) => [Object.fromEntries(headers), [...new Uint8Array(body)]]),
      [
        [{ "x-model": "a", "content-length": "9" }, BINARY],
        [{ "x-model": "b:c", "x-other": "1", "content-length": "0" }, []],
      ],
    );
  });
}

test("a part is given before the next has arrived", async () => {
  const whole = answer([["X-Model: a"], [1, 2]], [["X-Model: b"], [3]]);
  /** @type {ReadableStreamDefaultController} */
  let more;
  const parts = partsOf(new ReadableStream({ start: (controller) => void (more = controller) }));
  const end = whole.indexOf(98, 40); // in the second boundary
  more.enqueue(whole.slice(0, end));
  assert.equal((await parts.next()).value.headers.get("x-model"), "a");
  more.enqueue(whole.slice(end));
  assert.equal((await parts.next()).value.headers.get("x-model"), "b");
});

test("an answer that ends early is an error", async () => {
  const whole = answer([["X-Model: a"], [1, 2, 3]]);
  for (const length of [1, whole.length - 12, whole.length - 4])
    await assert.rejects(all(partsOf(streamOf(whole.slice(0, length), 5))), /cut off/);
});

test("a part without its length is refused", async () => {
  const bytes = Uint8Array.from(Buffer.from(`--b${CRLF}X-Model: a${CRLF}${CRLF}1`));
  await assert.rejects(all(partsOf(streamOf(bytes, 9))), /doesn't say its length/);
});
