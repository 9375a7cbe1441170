/**
 * What a command is. Nothing here runs.
 *
 * @import { MethodsMenu } from "../../panels/methods-menu.js"
 * @import { PhotoMenu } from "../../panels/photo-menu.js"
 * @import { DepthPicture } from "../../state/types.js"
 * @import { Store } from "../../state/store.js"
 *
 * @typedef {object} Page  What commands need of the rest of the page.
 * @property {Store} store
 * @property {() => [number, number]|null} pixelUnderCursor
 * @property {(dx: number, dy: number, repeat: boolean) => void} moveCursor  by pixels of the photo
 * @property {() => DepthPicture[]} depthsOnShow  Depth of the frame on show, of the methods on show, as far as loaded.
 * @property {() => void} favoritesChanged
 * @property {() => void} sortAgain  Order the frames by the errors that are known by now.
 * @property {(name: "list"|"help"|"sources"|"find-frame"|"find-method"|null) => void} toggleOverlay  null: close what is open
 * @property {(methodId: string) => void} download
 * @property {(on: boolean) => void} blink  The pane under the pointer shows another one, and itself again.
 * @property {(next: (scale: number, fit: number) => number) => void} zoom  about the pointer, else about the middle
 * @property {{toggle: () => void, cancel: () => boolean}} boxTool  To drag a box; whether there was anything to cancel.
 * @property {() => void} retry
 * @property {() => void} retryAll
 * @property {MethodsMenu} methodsMenu
 * @property {PhotoMenu} photoMenu
 * @property {() => void} toggleDock  of the panel of distributions
 * @property {(frameId: string|null) => void} removePhoto  null: all photos of the visitor
 *
 * @typedef {object} Given
 * @property {number} number  The digit of the key, or `data-target` of the control.
 * @property {boolean} repeat  The key is held down.
 * @property {HTMLElement} [element]  The control; none for a key.
 *
 * @typedef {(given: Given) => void} Command
 */
export {};
