/**
 * The visitor's photos and their depths in this browser (IndexedDB), so that they survive a reload. What can't be
 * stored stays in the page until it is closed, and the visitor is told so.
 *
 * @import { DepthPicture } from "../state/types.js"
 * @import { OwnPhoto } from "./own-gallery.js"
 *
 * @typedef {Omit<OwnPhoto, "id"> & {blob: Blob}} Kept
 */

const NAME = "tiekd-photos";
/** A page of another version begins anew: photos can be opened again, and depths computed. */
const VERSION = 1;
/** Of all photos and depths together. */
const LIMIT_BYTES = 2 ** 30;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const outcome = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** The database; null where this browser has none for this page. @returns {Promise<IDBDatabase|null>} */
async function openDatabase() {
  try {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const { result: database } = request;
      for (const name of database.objectStoreNames) database.deleteObjectStore(name);
      database.createObjectStore("photos", { autoIncrement: true });
      database.createObjectStore("depths");
    };
    const database = await outcome(request);
    database.onversionchange = () => database.close(); // another page needs a newer version
    return database;
  } catch {
    return null;
  }
}

export class PhotoStore {
  /** @type {IDBDatabase|null} */
  #database = null;
  /** @type {Map<string, number>} photos that are stored: id, and key in the database */
  #keys = new Map();
  /** @type {Map<string, Map<string, DepthPicture>>} depths of photos that are not stored, by id and model */
  #session = new Map();
  #bytes = 0;
  #onTrouble;

  /** @param {(name: string, reason: string) => void} onTrouble  A photo of that name is not stored. */
  constructor(onTrouble) {
    this.#onTrouble = onTrouble;
  }

  /** All photos of earlier visits, each with the names of the models whose depth is stored. @returns {Promise<(Kept & {id: string, done: string[]})[]>} */
  async open() {
    this.#database = await openDatabase();
    if (!this.#database) return [];
    const read = this.#database.transaction(["photos", "depths"]);
    const [photos, depths] = ["photos", "depths"].map((name) => read.objectStore(name));
    const [keys, values, names] = await Promise.all([
      outcome(photos.getAllKeys()),
      outcome(photos.getAll()),
      outcome(depths.getAllKeys()),
    ]);
    return values.map((value, i) => {
      const key = Number(keys[i]);
      const done = names.flatMap((pair) => (Array.isArray(pair) && pair[0] === key ? String(pair[1]) : []));
      const id = `photo-${key}`;
      this.#keys.set(id, key);
      this.#bytes += value.blob.size + done.length * bytesOfDepth(value);
      return { ...value, id, done };
    });
  }

  /** Take a photo in. Returns its id. @param {Kept} photo */
  async add(photo) {
    const expected = photo.blob.size + photo.models.length * bytesOfDepth(photo);
    try {
      if (!this.#database) throw new Error("This browser doesn't let the page store photos.");
      if (this.#bytes + expected > LIMIT_BYTES)
        throw new Error("Your photos fill 1 GiB; remove some of them.");
      const key = Number(await this.#write("photos", (store) => store.add(photo)));
      this.#bytes += photo.blob.size;
      const id = `photo-${key}`;
      this.#keys.set(id, key);
      return id;
    } catch (error) {
      const id = `photo-here-${this.#session.size + 1}`;
      this.#session.set(id, new Map());
      this.#onTrouble(photo.name, wordsOf(error));
      return id;
    }
  }

  /** Change what is known about a photo. @param {string} id @param {Kept} photo */
  async update(id, photo) {
    const key = this.#keys.get(id);
    if (key !== undefined) await this.#write("photos", (store) => store.put(photo, key)).catch(() => {});
  }

  /** @param {string} id @param {string} model @param {DepthPicture} depth @param {string} name  of the photo */
  async keepDepth(id, model, depth, name) {
    const key = this.#keys.get(id);
    try {
      if (key === undefined) throw null;
      await this.#write("depths", (store) => store.put(depth, [key, model]));
      this.#bytes += depth.values.byteLength;
    } catch (error) {
      const session = this.#session.get(id) ?? new Map();
      this.#session.set(id, session.set(model, depth));
      if (error) this.#onTrouble(name, wordsOf(error));
    }
  }

  /** A depth that was kept; null when it is lost. @param {string} id @param {string} model @returns {Promise<DepthPicture|null>} */
  async depth(id, model) {
    const here = this.#session.get(id)?.get(model);
    const key = this.#keys.get(id);
    if (here || key === undefined || !this.#database) return here ?? null;
    try {
      const store = this.#database.transaction("depths").objectStore("depths");
      return (await outcome(store.get([key, model]))) ?? null;
    } catch {
      return null; // for example, another page has removed the photo
    }
  }

  /** @param {string} id @param {string[]} models */
  async forgetDepths(id, models) {
    const key = this.#keys.get(id);
    for (const model of models) {
      this.#session.get(id)?.delete(model);
      if (key !== undefined)
        await this.#write("depths", (store) => store.delete([key, model])).catch(() => {});
    }
  }

  /** @param {Kept & {id: string, done: Iterable<string>}} photo */
  async remove(photo) {
    const done = [...photo.done];
    await this.forgetDepths(photo.id, done);
    this.#session.delete(photo.id);
    const key = this.#keys.get(photo.id);
    if (key === undefined) return;
    this.#keys.delete(photo.id);
    this.#bytes -= photo.blob.size + done.length * bytesOfDepth(photo);
    await this.#write("photos", (store) => store.delete(key)).catch(() => {});
  }

  /** @template T @param {"photos"|"depths"} name @param {(store: IDBObjectStore) => IDBRequest<T>} change @returns {Promise<T>} */
  async #write(name, change) {
    if (!this.#database) throw new Error("This browser doesn't let the page store photos.");
    const transaction = this.#database.transaction(name, "readwrite");
    const written = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error); // a full disk shows here, not at the request
    });
    written.catch(() => {}); // where the request fails, its own error is told
    const found = await outcome(change(transaction.objectStore(name)));
    await written;
    return found;
  }
}

/** @param {{width: number, height: number}} photo */
const bytesOfDepth = ({ width, height }) => 2 * width * height;

/** @param {unknown} error */
function wordsOf(error) {
  const full = error instanceof DOMException && error.name === "QuotaExceededError";
  if (full) return "This browser has no more room for the page's files.";
  return error instanceof Error ? error.message : String(error);
}
