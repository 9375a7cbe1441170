/**
 * Where galleries come from. The rest of the page only knows this interface; server.js and upload.js fulfil it.
 * Nothing here runs.
 *
 * @import { Frame, Gallery, GallerySummary, Method, Picture } from "../state/types.js"
 *
 * @typedef {object} Source
 * @property {() => Promise<GallerySummary[]>} list
 * @property {(id: string) => Promise<Gallery>} open
 * @property {(gallery: Gallery, method: Method, frame: Frame, signal: AbortSignal) => Promise<Picture>} picture
 * @property {(gallery: Gallery, frame: Frame, signal: AbortSignal) => Promise<Blob>} photo
 */
export {};
