/**
 * Where galleries come from. The rest of the page only knows this interface; server.js and upload.js fulfil it.
 * Nothing here runs.
 *
 * @import { Sources } from "../state/declared.js"
 * @import { Folder, Frame, Gallery, GalleryPage, GallerySummary, Method, Picture, Scan, Seen } from "../state/types.js"
 *
 * @import { ScoresPart, ScoresQuery } from "../state/scores.js"
 *
 * @typedef {object} Source
 * @property {() => Promise<GallerySummary[]>} list
 * @property {(id: string, index: number) => Promise<Gallery>} open  At least the frames around `index` are known.
 * @property {(gallery: Gallery, part: Part, signal: AbortSignal) => Promise<GalleryPage>} [page]  More of the frames;
 *   for sources that do not tell all at once.
 * @property {(gallery: Gallery, signal: AbortSignal) => Promise<News>} [news]  What the gallery is by now.
 * @property {(query: ScoresQuery, first: number, signal: AbortSignal) => Promise<ScoresPart>} [scores]  Errors of the
 *   frames from the `first` on, as far as they are known.
 * @property {(gallery: Gallery, method: Method, frame: Frame, signal: AbortSignal) => Promise<Picture>} picture
 * @property {(gallery: Gallery, frame: Frame, signal: AbortSignal) => Promise<Blob>} photo
 * @property {(gallery: Gallery, sources: Sources, signal: AbortSignal) => Promise<Folder[]>} [folders]  What its
 *   folders were taken for, read as a view declares; for sources that can read them in several ways.
 * @property {(gallery: Gallery, sources: Sources, name: string, signal: AbortSignal) => Promise<Seen>} [seen]
 *
 * @typedef {{offset: number, limit: number}|{around: number, frame?: string}} Part
 *   A run of frames; or those around the frame of this id, else around the place.
 * @typedef {{version: string, n_frames: number, scan?: Scan}} News
 */
export {};
