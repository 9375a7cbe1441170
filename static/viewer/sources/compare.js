/**
 * Depth of one photo by many models: one upload, and each depth as soon as the server has it.
 *
 * @import { DepthPicture } from "../state/types.js"
 *
 * @typedef {{model: string, picture: DepthPicture} | {model: string, error: ApiError}} Answer
 */
import { decodeDepth } from "./decode.js";
import { ApiError, isAbort, problemWords, photoBody, requestPatiently } from "./http.js";
import { partsOf } from "./multipart.js";

/**
 * @param {Blob} photo
 * @param {{models: string[], fx: number|null}} wanted  `fx`: focal length in pixels, where it is known
 * @param {{signal: AbortSignal, onWait: (message: string) => void}} how
 * @returns {AsyncGenerator<Answer>}
 */
export async function* compare(photo, { models, fx }, { signal, onWait }) {
  const query = new URLSearchParams({ models: models.join(","), format: "u16" });
  if (fx !== null) query.set("fx", String(fx));
  const call = { method: "POST", signal, ...photoBody(photo) };
  const response = await requestPatiently(`/compare?${query}`, call, { onWait });
  if (!response.body) throw new ApiError("The server's answer is empty.");
  try {
    for await (const { headers, body } of partsOf(response.body)) yield answerOf(headers, body);
  } catch (error) {
    if (isAbort(error) || error instanceof ApiError) throw error;
    throw new ApiError("The connection to the server broke off.", { lost: true });
  }
}

/** @param {ReadonlyMap<string, string>} headers @param {ArrayBuffer} body @returns {Answer} */
function answerOf(headers, body) {
  const model = decodeURIComponent(headers.get("x-model") ?? "");
  if (headers.get("content-type") === "application/problem+json") {
    const problem = JSON.parse(new TextDecoder().decode(body));
    const error = new ApiError(problemWords(problem) ?? "The model gave no depth.", {
      status: problem.status,
    });
    return { model, error };
  }
  const [width, height] = ["x-depth-width", "x-depth-height"].map((name) => Number(headers.get(name)));
  return { model, picture: decodeDepth(body, width, height) };
}
