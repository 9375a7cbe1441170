/**
 * The visitor's own photos as one more gallery: every usable model runs on every photo. Photos and depths stay
 * in this page and are gone with it.
 *
 * @import { Frame, Gallery, Method, Model, Picture } from "../state/types.js"
 * @import { Source } from "./source.js"
 */
import { bitmapOf } from "./bitmap.js";
import { parseNpy, quantizeDepth } from "./decode.js";
import { requestPatiently } from "./http.js";
import { untilWarm, usableModels } from "./models.js";
import { Queue } from "./queue.js";

export const UPLOAD_GALLERY = "your-photos";

/** Requests under way at once; more would only queue in the server. */
const PARALLEL = 2;

/**
 * @typedef {object} Upload
 * @property {Blob} blob
 * @property {string} name
 * @property {{width: number, height: number}} size  0 × 0 until known
 * @property {Model[]} models  that run on it
 * @property {Map<string, Promise<Picture>>} depths  by model name
 * @property {Map<string, string>} progress  by model name: what is going on
 * @property {Set<string>} failed  names of models without an answer
 */

/** @implements {Source} */
export class Uploads {
  /** @type {Upload[]} */
  #uploads = [];
  #queue = new Queue(PARALLEL);
  #onProgress;

  /** @param {() => void} onProgress  called whenever a model starts, waits or ends */
  constructor(onProgress) {
    this.#onProgress = onProgress;
  }

  async list() {
    const { id, title, frames, methods } = describe(this.#uploads);
    return [{ id, title, n_frames: frames.length, methods: methods.map((method) => method.id) }];
  }

  async open() {
    return describe(this.#uploads);
  }

  /** @param {Gallery} _gallery @param {Method} method @param {Frame} frame @returns {Promise<Picture>} */
  async picture(_gallery, method, frame) {
    const depth = this.#uploadOf(frame.id).depths.get(method.id);
    if (!depth) throw new Error("This server had no such model when the photo came in.");
    return depth;
  }

  /** @param {Gallery} _gallery @param {Frame} frame */
  async photo(_gallery, frame) {
    return this.#uploadOf(frame.id).blob;
  }

  /** What a pane may say while its depth is under way. @param {string} frameId @param {string} model */
  progress(frameId, model) {
    return this.#uploadOf(frameId)?.progress.get(model) ?? null;
  }

  /** Ask the models again that failed. @param {string} frameId */
  retry(frameId) {
    const upload = this.#uploadOf(frameId);
    for (const model of upload.failed) this.#enqueue(upload, model);
  }

  /**
   * Take a photo in and start every model on it. Returns the number of its frame.
   * @param {File} file
   */
  async add(file) {
    const models = await usableModels();
    if (!models.length) throw new Error("This server has no model to run on a photo.");
    /** @type {Upload} */
    const upload = {
      blob: file,
      name: file.name || "photo",
      size: await sizeOfPhoto(file),
      models,
      depths: new Map(),
      progress: new Map(),
      failed: new Set(),
    };
    this.#uploads.push(upload);
    for (const { name } of models) this.#enqueue(upload, name);
    return this.#uploads.length - 1;
  }

  /** @param {string} frameId */
  #uploadOf(frameId) {
    return this.#uploads[Number(frameId.slice("photo-".length)) - 1];
  }

  /** @param {Upload} upload @param {string} model */
  #enqueue(upload, model) {
    upload.failed.delete(model);
    upload.progress.set(model, "Waiting for its turn …");
    const depth = this.#queue.add(() => this.#predict(upload, model));
    upload.depths.set(model, depth);
    depth
      .catch(() => upload.failed.add(model)) // the pane that shows it says what went wrong
      .finally(() => {
        upload.progress.delete(model);
        this.#onProgress();
      });
  }

  /** @param {Upload} upload @param {string} model @returns {Promise<Picture>} */
  async #predict(upload, model) {
    const onWait = (/** @type {string} */ words) => {
      upload.progress.set(model, words);
      this.#onProgress();
    };
    await untilWarm(model, { onWait });
    onWait("Estimating depth …");
    const body = new FormData();
    body.set("image", upload.blob, upload.name);
    const url = `/predict?model=${encodeURIComponent(model)}&format=npy`;
    const response = await requestPatiently(url, { method: "POST", body }, { onWait });
    const { values, width, height } = parseNpy(await response.arrayBuffer());
    if (!upload.size.width) upload.size = { width, height };
    return quantizeDepth(values, width, height);
  }
}

/** Size of an upright photo; 0 × 0 for kinds of picture that the server may know but the browser doesn't. @param {Blob} file */
async function sizeOfPhoto(file) {
  try {
    const bitmap = await bitmapOf(file);
    const { width, height } = bitmap;
    bitmap.close();
    return { width, height };
  } catch {
    return { width: 0, height: 0 };
  }
}

/** @param {Upload[]} uploads @returns {Gallery} */
function describe(uploads) {
  const byName = new Map(uploads.flatMap((upload) => upload.models).map((model) => [model.name, model]));
  const models = [...byName.values()].sort((a, b) => a.rank - b.rank);
  return {
    id: UPLOAD_GALLERY,
    title: "Your photos",
    depth_range: {
      min_m: Math.min(0.001, ...models.map((model) => model.min_depth_m)),
      max_m: models.length ? Math.max(...models.map((model) => model.max_depth_m)) : 80,
    },
    methods: models.map((model) => methodOfModel(model, models)),
    frames: uploads.map((upload, i) => ({
      id: `photo-${i + 1}`,
      title: upload.name,
      ...upload.size,
      has_image: true,
    })),
  };
}

/**
 * A model as a method of the gallery. Its label names the model where other models have the same label.
 * "camera not known": its depth can't be corrected for the focal length of a photo.
 * @param {Model} model @param {Model[]} all
 * @returns {Method}
 */
export function methodOfModel(model, all) {
  const alone = all.filter((other) => other.label === model.label).length === 1;
  const notes = [model.untrained && "untrained", model.train_fx_px === null && "camera not known"].filter(
    Boolean,
  );
  return {
    id: model.name,
    label: `${model.label}${alone ? "" : ` · ${model.name}`}${notes.length ? ` (${notes.join(", ")})` : ""}`,
    family: model.family,
    model: model.name,
    unit: "m",
    precision_m: null,
    saturated_m: null,
  };
}
