/**
 * The words of the viewer, once. Nothing here runs. The view itself is described in fields.js.
 *
 * @import { Scores } from "./scores.js"
 * @import { View } from "./fields.js"
 *
 * @typedef {object} Method  One column of a gallery: what made its pictures.
 * @property {string} id
 * @property {string} label
 * @property {string} family  Decides the colour; viewer.css has one for each family that the server knows.
 * @property {number} [tint]  Decides the colour of a method of the family "other"; the page gives it.
 * @property {string|null} model  Name of the zoo row that can be run, if any.
 * @property {"m"|"rgb"} unit  Depth in metres, or a picture that only has colours.
 * @property {number|null} precision_m  Half the step of the source: readings are ± this.
 * @property {number|null} saturated_m  Depths from here on were cut off by the source.
 * @property {string} [read_as]  What the view declares of it, as the server has taken it.
 *
 * @typedef {object} Frame
 * @property {string} id
 * @property {string} title
 * @property {number} width   Pixels of the upright photo; 0 when not yet known.
 * @property {number} height
 * @property {Record<string, [number, number]>} [sizes]  Width and height of methods that have others, by id.
 * @property {boolean} has_image
 * @property {string[]} [missing]  Methods without a picture of this frame.
 * @property {Record<string, string>} [broken]  Methods with a file that can't be read, and why.
 * @property {string} [version]  Changes when one of its files does.
 *
 * @typedef {object} Gallery
 * @property {string} id
 * @property {string} title
 * @property {{min_m: number, max_m: number}} depth_range
 * @property {Method[]} methods
 * @property {(Frame|null)[]} frames  One place for each frame; null while it is not known. See frames.js.
 * @property {boolean} [has_images]  Some frame has a photo.
 * @property {string} [version]  Changes when the listing does.
 * @property {Scan} [scan]  How far the server is with reading its files; absent once it has read them.
 * @property {LeftOut[]} [left_out]  Folders that are not shown, or not all of them.
 *
 * @typedef {object} Scan
 * @property {number} read  files
 * @property {number} files
 *
 * @typedef {object} Listed  A part of a gallery's listing, as the server answers it.
 * @property {number} offset  The place of the first of `frames`.
 * @property {number} n_frames  How many frames the gallery has.
 * @property {Frame[]} frames
 *
 * @typedef {Omit<Gallery, "frames"> & Listed} GalleryPage
 *
 * @typedef {object} LeftOut
 * @property {string} name
 * @property {string} reason
 *
 * @typedef {object} Folder  What a folder of results was taken for.
 * @property {string} name
 * @property {string} label
 * @property {string} family
 * @property {"depth"|"pictures"} kind
 * @property {{form: string, files: number}[]} forms
 * @property {string} reading  How it becomes metres.
 * @property {string} declared  Settings, by the server's owner and by the view.
 * @property {boolean} truth
 * @property {number} [scale]
 * @property {[string, string]} [renamed]  A file's name and its frame.
 * @property {string} [hidden]  Why it is not shown.
 * @property {string} [note]  What of it could not be read.
 *
 * @typedef {object} Seen  The values in a few frames of a folder.
 * @property {number} n_frames
 * @property {number} looked_at
 * @property {[number, number]} [numbers]
 * @property {[number, number, number]} [metres]
 * @property {number} [none]
 * @property {number} [beyond]
 * @property {string} [fault]
 *
 * @typedef {object} GallerySummary
 * @property {string} id
 * @property {string} title
 * @property {number} n_frames
 * @property {string[]} methods
 *
 * @typedef {object} DepthPicture  `values` are metres × 256, row by row; 0 = no data.
 * @property {"m"} unit
 * @property {number} width
 * @property {number} height
 * @property {Uint16Array} values
 *
 * @typedef {object} ColorPicture  `pixels` are R, G, B, A bytes, row by row.
 * @property {"rgb"} unit
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray} pixels
 *
 * @typedef {object} Photo
 * @property {"photo"} unit
 * @property {number} width
 * @property {number} height
 * @property {ImageBitmap} bitmap
 *
 * @typedef {DepthPicture|ColorPicture|Photo} Picture
 *
 * @typedef {object} Model  A row of /api/models, as far as the page reads it.
 * @property {string} name
 * @property {"teacher"|"student"} role
 * @property {string} label  What people call its method.
 * @property {string} family
 * @property {number} rank  Place of its family in lists, from the server's order.
 * @property {number} min_depth_m
 * @property {number} max_depth_m
 * @property {number|null} train_fx_px  focal length in pixels for which it is metric; null: not known
 * @property {"published"|"gaussian"|null} target  Kind of the target DPM of its training; null: it had none.
 * @property {number|null} sigma_m  Its width.
 * @property {boolean} loaded
 * @property {boolean} [untrained]
 * @property {string} [error]  why it can't be used
 *
 * @typedef {object} Distribution  What /dpm answers for one pixel.
 * @property {string} model
 * @property {"own"|"target"} source
 * @property {"published"|"gaussian"} [target]  Kind of the target DPM, with `source` "target".
 * @property {number} [sigma_m]  Its width.
 * @property {number[]} bin_edges_m
 * @property {number[]} probability
 * @property {number} expectation_m
 * @property {number} mode_m
 * @property {number} entropy_nats
 * @property {number} depth_m  What the model answers at the pixel.
 *
 * @typedef {object} Scale  A colour scale; the formula is in paint/scale.js.
 * @property {string} cmap
 * @property {number} min  metres, as `max`
 * @property {number} max
 * @property {"linear"|"log"|"inverse"} spread
 *
 * @typedef {object} State
 * @property {View} view
 * @property {Gallery|null} gallery  The gallery of `view.gallery` once it is open.
 * @property {string|null} failure  Why there is nothing to show at all.
 * @property {Scores|null} scores  Errors of the frames, as far as they are known.
 * @property {number[]|null} order  Numbers of the frames in the order that the view asks for; null: as they are.
 */
export {};
