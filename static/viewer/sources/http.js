/**
 * Talking to the server. Every failure becomes an ApiError; its message tells a visitor what to do.
 */

/** What a gateway or a server that is starting or stopping answers. */
const AWAY = new Set([502, 503, 504]);

/** What went wrong with a request, in plain words. */
export class ApiError extends Error {
  /** @param {string} message @param {{status?: number, retryAfterS?: number|null, lost?: boolean}} [how] */
  constructor(message, { status = 0, retryAfterS = null, lost = false } = {}) {
    super(message);
    this.status = status;
    this.retryAfterS = retryAfterS;
    /** The server could not be reached, or another one answered for it that it is away. */
    this.lost = lost;
  }
}

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/** Whether the server was away, so that asking again later may help. @param {unknown} error */
export const isLost = (error) => error instanceof ApiError && error.lost;

/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * `fetch` that throws an ApiError unless the answer is a 2xx. Aborts pass through as they are.
 * @param {string} url @param {RequestInit} [init]
 */
export async function request(url, init) {
  let response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("The server can't be reached. Is it still running?", { lost: true });
  }
  if (!response.ok) throw await asError(response);
  return response;
}

/** @param {string} url @param {RequestInit} [init] @returns {Promise<any>} */
export async function requestJson(url, init) {
  const response = await request(url, init);
  try {
    return await response.json();
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("The server's answer can't be read; it isn't JSON.");
  }
}

/** @param {Response} response */
async function asError(response) {
  const retry = Number(response.headers.get("Retry-After"));
  const how = {
    status: response.status,
    retryAfterS: retry > 0 ? retry : null,
    lost: AWAY.has(response.status),
  };
  const words = problemWords(await response.json().catch(() => null));
  if (words) return new ApiError(words, how);
  return new ApiError(`The server answered ${response.status} ${response.statusText}`.trim() + ".", how);
}

/** What a problem document says, in one line; null for anything else. @param {any} problem @returns {string|null} */
export function problemWords(problem) {
  const words = [problem?.detail ?? problem?.title, problem?.hint];
  return words.filter((word) => typeof word === "string" && word).join(" ") || null;
}

/**
 * A photo in a request: as raw bytes where its type is known, otherwise as a form.
 * @param {Blob} photo @returns {RequestInit}
 */
export function photoBody(photo) {
  if (photo.type.startsWith("image/")) return { body: photo, headers: { "Content-Type": photo.type } };
  const form = new FormData();
  form.set("image", photo, "photo");
  return { body: form };
}

/**
 * Wait `ms` milliseconds; an abort ends the wait.
 * @param {number} ms @param {AbortSignal} [signal] @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("The page no longer waits for this answer.", "AbortError"));
    });
  });
}

/**
 * Like `request`. If the server answers 503 or 429 with Retry-After, wait that long and ask again.
 * @param {string} url @param {RequestInit} init
 * @param {{giveUpAfterS?: number, onWait?: (message: string) => void}} [options]
 */
export async function requestPatiently(url, init, { giveUpAfterS = 180, onWait } = {}) {
  const end = performance.now() + 1000 * giveUpAfterS;
  for (;;) {
    try {
      return await request(url, init);
    } catch (error) {
      const waitS = error instanceof ApiError && [429, 503].includes(error.status) ? error.retryAfterS : null;
      if (waitS === null || performance.now() + 1000 * waitS > end) throw error;
      onWait?.(messageOf(error));
      await pause(1000 * waitS, init.signal ?? undefined);
    }
  }
}
