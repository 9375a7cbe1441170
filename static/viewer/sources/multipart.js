/**
 * The parts of a multipart answer, each as soon as it has arrived. Pure.
 *
 * @typedef {{headers: ReadonlyMap<string, string>, body: ArrayBuffer}} Part  Names of headers are in lower case.
 */
import { ApiError } from "./http.js";

const CUT_OFF = "The server's answer is cut off.";

/**
 * Every part must say its length, so that nobody needs to search for boundaries.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 * @returns {AsyncGenerator<Part>}
 */
export async function* partsOf(stream) {
  const bytes = new Bytes(stream.getReader());
  for (;;) {
    let boundary = await bytes.line();
    while (boundary === "") boundary = await bytes.line();
    if (boundary.endsWith("--")) return;
    const headers = await headersOf(bytes);
    const length = Number(headers.get("content-length") ?? NaN);
    if (!Number.isInteger(length))
      throw new ApiError("A part of the server's answer doesn't say its length.");
    yield { headers, body: await bytes.take(length) };
  }
}

/** @param {Bytes} bytes */
async function headersOf(bytes) {
  /** @type {Map<string, string>} */
  const headers = new Map();
  for (let line = await bytes.line(); line !== ""; line = await bytes.line()) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** A stream of bytes, read by lines and by lengths. */
class Bytes {
  /** @type {Uint8Array<ArrayBuffer>} what has arrived and is not yet read */
  #rest = new Uint8Array(0);
  #reader;

  /** @param {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>} reader */
  constructor(reader) {
    this.#reader = reader;
  }

  /** Text up to the end of the line. */
  async line() {
    let end = this.#rest.indexOf(10);
    while (end < 0) {
      const more = await this.#more();
      const both = new Uint8Array(this.#rest.length + more.length);
      both.set(this.#rest);
      both.set(more, this.#rest.length);
      this.#rest = both;
      end = both.indexOf(10);
    }
    const text = new TextDecoder("latin1").decode(this.#rest.subarray(0, end));
    this.#rest = this.#rest.subarray(end + 1);
    return text.replace(/\r$/, "");
  }

  /** So many bytes. @param {number} length */
  async take(length) {
    const taken = new Uint8Array(length);
    for (let at = 0; at < length;) {
      if (!this.#rest.length) this.#rest = await this.#more();
      const piece = this.#rest.subarray(0, length - at);
      taken.set(piece, at);
      at += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return taken.buffer;
  }

  async #more() {
    const { done, value } = await this.#reader.read();
    if (done) throw new ApiError(CUT_OFF, { lost: true });
    return value;
  }
}
