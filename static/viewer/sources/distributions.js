/**
 * What models believe about the depth of one pixel, from the server: one request for all of them.
 *
 * @import { Distribution, Model } from "../state/types.js"
 *
 * @typedef {object} Wanted
 * @property {string[]} models
 * @property {[number, number]} pixel  x and y in the upright photo
 * @property {number|null} fx  focal length of the photo in pixels, where it is known
 *
 * @typedef {object} How
 * @property {AbortSignal} signal
 * @property {(models: string[], message: string) => void} onWait
 * @property {(model: string, answer: Distribution|ApiError) => void} onAnswer
 */
import { ApiError, isAbort, pause, photoBody, problemWords, requestPatiently } from "./http.js";
import { usableModels } from "./models.js";

const ASK_AGAIN_MS = 1000;

/**
 * Ask the models, each as soon as it is warm; usually all at once. Returns the models that this server has.
 * @param {() => Promise<Blob>} photo @param {Wanted} wanted @param {How} how
 * @returns {Promise<Model[]>}
 */
export async function askDistributions(photo, { models, pixel, fx }, { signal, onWait, onAnswer }) {
  const left = new Set(models);
  for (;;) {
    const served = (await usableModels()).filter(({ name }) => models.includes(name));
    const warm = served.filter(({ name, loaded }) => loaded && left.has(name)).map(({ name }) => name);
    for (const name of warm) left.delete(name);
    const cold = served.filter(({ name }) => left.has(name)).map(({ name }) => name);
    if (cold.length) onWait(cold, "The model is still loading …");
    if (warm.length) {
      const wait = (/** @type {string} */ words) => onWait(warm, words);
      await askWarm(await photo(), { models: warm, pixel, fx }, { signal, onWait: wait, onAnswer });
    }
    if (!cold.length) return served;
    await pause(ASK_AGAIN_MS, signal);
  }
}

/**
 * @param {Blob} photo @param {Wanted} wanted
 * @param {{signal: AbortSignal, onWait: (words: string) => void, onAnswer: How["onAnswer"]}} how
 */
async function askWarm(photo, { models, pixel: [x, y], fx }, { signal, onWait, onAnswer }) {
  const query = new URLSearchParams({ model: models.join(","), view: "distribution", x: `${x}`, y: `${y}` });
  if (fx !== null) query.set("fx", String(fx));
  const call = { method: "POST", signal, ...photoBody(photo) };
  const response = await requestPatiently(`/dpm?${query}`, call, { onWait });
  try {
    for await (const entry of entriesOf(response)) {
      const error =
        entry.status && new ApiError(problemWords(entry) ?? "No answer.", { status: entry.status });
      onAnswer(entry.model, error || entry);
    }
  } catch (error) {
    if (isAbort(error) || error instanceof ApiError) throw error;
    throw new ApiError("The connection to the server broke off.", { lost: true });
  }
}

/** The entries of a list of which each stands on a line of its own, as they arrive; one model answers without a list. @param {Response} response @returns {AsyncGenerator<any>} */
async function* entriesOf(response) {
  let rest = "";
  const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await text?.read(); part && !part.done; part = await text?.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.flatMap(entryOf);
  }
  yield* entryOf(rest);
}

/** @param {string} line */
function entryOf(line) {
  const text = line.replace(/^,/, "").trim();
  return text.startsWith("{") ? [JSON.parse(text)] : [];
}
