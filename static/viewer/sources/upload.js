/**
 * The visitor's own photos as one more gallery: every usable model runs on every photo, all models on one upload.
 * Photos and depths stay in this browser (photo-store.js) until they are removed.
 *
 * @import { DepthPicture, Frame, Gallery, Method } from "../state/types.js"
 * @import { OwnPhoto } from "./own-gallery.js"
 * @import { Upload } from "./own-photo.js"
 * @import { Source } from "./source.js"
 */
import { asPng, bitmapOf } from "./bitmap.js";
import { compare } from "./compare.js";
import { ApiError, isAbort, messageOf, pause } from "./http.js";
import { Line } from "./line.js";
import { usableModels } from "./models.js";
import { ownGallery, takesFocal } from "./own-gallery.js";
import { ask, byFocal, isFrame, keptOf, settle, stop, uploadOf, verdict, work } from "./own-photo.js";
import { PhotoStore } from "./photo-store.js";

const ASK_AGAIN_MS = 1000;
const UNKNOWN_KIND = 415;
/** Refusals that say nothing of the photo: who asks, which model, or the moment. */
const NOT_OF_PHOTO = new Set([401, 403, 404, 408, 429]);

/** @implements {Source} */
export class Uploads {
  /** @type {Upload[]} */
  #photos = [];
  /** @type {Line<Upload>} */
  #line = new Line((/** @type {Upload} */ photo) => this.#compute(photo));
  #store;
  #page;
  /** @type {Promise<void>|null} */
  #restored = null;
  /** Depths are stored one after another, once the photo's models have all answered. */
  #kept = Promise.resolve();

  /**
   * @param {object} page
   * @param {() => void} page.onProgress  A model starts, waits or ends.
   * @param {() => void} page.onChange  Photos came, went, or are computed anew.
   * @param {(message: string) => void} page.onMessage
   */
  constructor(page) {
    this.#page = page;
    /** @type {Set<string>} */
    const told = new Set();
    this.#store = new PhotoStore((name, reason) => {
      if (!told.has(reason)) page.onMessage(`${name} is not kept after this page is closed. ${reason}`);
      told.add(reason);
    });
  }

  async list() {
    const { id, title, frames, methods } = await this.open();
    return [{ id, title, n_frames: frames.length, methods: methods.map((method) => method.id) }];
  }

  async open() {
    await (this.#restored ??= this.#restore());
    return ownGallery(this.#photos.filter(isFrame));
  }

  /** @param {Gallery} _gallery @param {Method} method @param {Frame} frame @returns {Promise<DepthPicture>} */
  async picture(_gallery, method, frame) {
    const photo = this.#find(frame.id);
    const kept = photo.done.has(method.id) ? await this.#store.depth(photo.id, method.id) : null;
    if (kept) return kept;
    photo.done.delete(method.id);
    if (!photo.asked.has(method.id)) this.#ask(photo);
    const asked = photo.asked.get(method.id);
    if (!asked) throw new ApiError("This server doesn't run this model.");
    return asked.depth;
  }

  /** @param {Gallery} _gallery @param {Frame} frame */
  async photo(_gallery, frame) {
    return this.#find(frame.id).blob;
  }

  /** The photo of a frame; null when it is none of these. @param {string|undefined} frameId @returns {OwnPhoto|null} */
  about(frameId) {
    return this.#photos.find((photo) => isFrame(photo) && photo.id === frameId) ?? null;
  }

  /** The photo on show is computed before others. @param {string|undefined} frameId */
  prefer(frameId) {
    this.#line.prefer(this.#photos.find((photo) => isFrame(photo) && photo.id === frameId) ?? null);
  }

  /** What a pane may say while its depth is under way. @param {string} frameId @param {string} model */
  progress(frameId, model) {
    return this.#photos.find((photo) => photo.id === frameId)?.asked.get(model)?.progress ?? null;
  }

  /**
   * Take photos in and start every model on them. What the browser can't show is a frame only once the server has
   * taken it; what neither knows is told as a message. Returns the number of the last new frame, null for none.
   * @param {File[]} chosen
   */
  async add(chosen) {
    const files = chosen.filter(({ size }) => size > 0);
    for (const { name, size } of chosen) if (size === 0) this.#page.onMessage(`${name}: The file is empty.`);
    await this.open();
    const models = await usableModels();
    if (!models.length) throw new ApiError("This server has no model to run on a photo.");
    const sizes = await Promise.all(files.map(sizeOfPhoto));
    let accepted = false;
    /** @type {Promise<boolean>[]} */
    const doubtful = [];
    for (const [i, file] of files.entries()) {
      const { promise, judged } = verdict();
      const photo = uploadOf(file, models, judged);
      const size = sizes[i];
      this.#photos.push(photo);
      if (size) await this.#accept(photo, size);
      else doubtful.push(promise);
      accepted ||= size !== null;
      this.#ask(photo);
    }
    if (!accepted) accepted = (await Promise.all(doubtful)).includes(true);
    return accepted ? this.#photos.filter(isFrame).length - 1 : null;
  }

  /** State the focal length of a photo, or of all: then models that can use it run again. @param {string|null} frameId @param {number|null} fx */
  async setFocal(frameId, fx) {
    const changed = this.#photos.filter((photo) => [photo.id, null].includes(frameId) && photo.fx !== fx);
    for (const photo of changed) {
      photo.fx = fx;
      stop(photo);
      const stale = photo.models.filter(takesFocal).map(({ name }) => name);
      for (const name of stale) photo.done.delete(name);
      await this.#store.forgetDepths(photo.id, stale);
      await this.#store.update(photo.id, keptOf(photo));
    }
    if (changed.length) this.#page.onChange();
  }

  /** Remove a photo, or all. @param {string|null} frameId */
  async remove(frameId) {
    const gone = this.#photos.filter(({ id }) => [id, null].includes(frameId));
    this.#photos = this.#photos.filter((photo) => !gone.includes(photo));
    for (const photo of gone) {
      stop(photo);
      this.#line.leave(photo);
      await this.#store.remove(photo);
    }
    this.#page.onChange();
  }

  /** The photos of earlier visits, for the models that there are now and those that have run. */
  async #restore() {
    const kept = await this.#store.open();
    const served = kept.length ? await usableModels().catch(() => []) : [];
    for (const { done, ...photo } of kept) {
      const names = new Set(served.map(({ name }) => name));
      const before = photo.models.filter(({ name }) => !names.has(name) && done.includes(name));
      const models = served.length ? [...served, ...before] : photo.models;
      this.#photos.push({ ...photo, models, ...work(photo.blob, new Set(done)) });
    }
  }

  /** @param {string} frameId */
  #find(frameId) {
    const photo = this.#photos.find(({ id }) => id === frameId);
    if (!photo) throw new ApiError("This photo has been removed.");
    return photo;
  }

  /** Make a photo a frame. @param {Upload} photo @param {{width: number, height: number}} size */
  async #accept(photo, { width, height }) {
    Object.assign(photo, { width, height });
    photo.id = await this.#store.add(keptOf(photo));
    photo.judged(true);
    this.#page.onChange();
  }

  /** Let every model run that has not. @param {Upload} photo */
  #ask(photo) {
    for (const { name } of photo.models) {
      if (!photo.done.has(name) && !photo.asked.has(name)) photo.asked.set(name, ask());
    }
    this.#line.add(photo);
  }

  /** @param {Upload} photo @returns {Promise<void>} */
  async #compute(photo) {
    const { signal } = photo.asking;
    const depths = [...photo.asked.values()].map(({ depth }) => depth);
    try {
      while (photo.asked.size && !signal.aborted) await this.#computeWarm(photo, signal);
      if (!isFrame(photo)) await Promise.race(depths); // no model gave a depth, and this throws why
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      if (!isFrame(photo) || isOfPhoto(error)) return this.#refused(photo, error);
      for (const model of [...photo.asked.keys()]) settle(photo, model, { error });
      this.#page.onProgress();
    }
  }

  /** One round with the models that are warm by now. @param {Upload} photo @param {AbortSignal} signal */
  async #computeWarm(photo, signal) {
    const say = (/** @type {Iterable<string>} */ models, /** @type {string} */ words) => {
      for (const model of models) Object.assign(photo.asked.get(model) ?? {}, { progress: words });
      this.#page.onProgress();
    };
    const served = new Map((await usableModels()).map((model) => [model.name, model]));
    for (const model of [...photo.asked.keys()].filter((name) => !served.has(name)))
      settle(photo, model, { error: new ApiError("This server doesn't run this model.") });
    const warm = [...photo.asked.keys()]
      .flatMap((name) => served.get(name) ?? [])
      .filter(({ loaded }) => loaded);
    if (!warm.length && photo.asked.size) {
      say(photo.asked.keys(), "The model is still loading …");
      await pause(ASK_AGAIN_MS, signal);
    }
    for (const { models, fx } of byFocal(warm, photo.fx)) {
      say(models, "Estimating depth …");
      const how = { signal, onWait: (/** @type {string} */ words) => say(models, words) };
      for await (const answer of compare(photo.blob, { models, fx }, how)) {
        if (signal.aborted) return;
        if ("picture" in answer && !isFrame(photo)) await this.#accept(photo, answer.picture);
        settle(photo, answer.model, answer);
        this.#page.onProgress();
        if ("picture" in answer) this.#keep(photo, answer.model, answer.picture, signal);
      }
    }
  }

  /** Nobody waits for the disk, which takes longer than a model. @param {Upload} photo @param {string} model @param {DepthPicture} picture @param {AbortSignal} signal */
  #keep(photo, model, picture, signal) {
    this.#kept = this.#kept.then(async () => {
      while (photo.asked.size && !signal.aborted) await pause(ASK_AGAIN_MS / 10);
      if (signal.aborted) return;
      await this.#store.keepDepth(photo.id, model, picture, photo.name);
      photo.done.add(model);
    });
  }

  /** A kind that only the browser knows goes to the server as a PNG; the rest is no frame. @param {Upload} photo @param {unknown} error @returns {Promise<void>} */
  async #refused(photo, error) {
    const isUnknownKind = error instanceof ApiError && error.status === UNKNOWN_KIND;
    const png = isUnknownKind && photo.blob.type !== "image/png" ? await asPng(photo.blob) : null;
    if (png) {
      photo.blob = png;
      if (isFrame(photo)) await this.#store.update(photo.id, keptOf(photo));
      return this.#line.add(photo);
    }
    photo.judged(false);
    this.#page.onMessage(`${photo.name}: ${messageOf(error)}`);
    this.#photos = this.#photos.filter((other) => other !== photo);
    for (const model of [...photo.asked.keys()]) settle(photo, model, { error });
    if (!isFrame(photo)) return;
    await this.#store.remove(photo);
    this.#page.onChange();
  }
}

/** Whether the server refuses the photo itself, so that no model could do better. @param {unknown} error */
const isOfPhoto = (error) =>
  error instanceof ApiError && error.status >= 400 && error.status < 500 && !NOT_OF_PHOTO.has(error.status);

/** Size of an upright photo; null for what the browser can't show. @param {Blob} file */
async function sizeOfPhoto(file) {
  try {
    const bitmap = await bitmapOf(file);
    const { width, height } = bitmap;
    bitmap.close();
    return { width, height };
  } catch {
    return null;
  }
}
