/**
 * What the published viewers do for one difference and one step, written again from their description, as the
 * opponent of bench_viewer.py: coloured PNGs as images; a difference draws both pictures on a canvas, reads the
 * bytes back, subtracts them one by one, and shows the result as a PNG in a data URL.
 *
 *     index.html?methods=A*B&frames=0*1&index=0
 */
const query = new URLSearchParams(location.search);
const methods = query.get("methods").split("*");
const frames = query.get("frames").split("*");
let index = Number(query.get("index"));
let reference = -1;

const images = methods.map((method) => {
  const figure = document.createElement("figure");
  const image = new Image();
  figure.append(method, image);
  document.body.append(figure);
  return image;
});

const addressOf = (method) => `coloured/${method}/${frames[index]}.png`;

/** @param {string} address */
async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

/** @param {HTMLImageElement} image */
function bytesOf(image) {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return { canvas, context, data: context.getImageData(0, 0, canvas.width, canvas.height) };
}

/** @param {string} method */
async function differenceOf(method) {
  const [own, other] = await Promise.all([loaded(addressOf(method)), loaded(addressOf(methods[reference]))]);
  const { canvas, context, data } = bytesOf(own);
  const against = bytesOf(other).data;
  for (let i = 0; i < data.data.length; i += 4) {
    for (let c = 0; c < 3; c++) data.data[i + c] = Math.abs(data.data[i + c] - against.data[i + c]);
    data.data[i + 3] = 255;
  }
  context.putImageData(data, 0, 0);
  return canvas.toDataURL();
}

async function show() {
  document.body.dataset.ready = "false";
  await Promise.all(
    methods.map(async (method, i) => {
      const differs = reference >= 0 && i !== reference;
      images[i].src = differs ? await differenceOf(method) : addressOf(method);
      await images[i].decode();
    }),
  );
  document.body.dataset.ready = "true";
}

/** The neighbours, as the published viewers preload them. */
function preload() {
  for (const frame of [frames[index - 1], frames[index + 1]]) {
    if (frame === undefined) continue;
    for (const method of methods) new Image().src = `coloured/${method}/${frame}.png`;
  }
}

document.addEventListener("keydown", async (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const digit = Number(event.key);
  if (step) index = Math.max(0, Math.min(frames.length - 1, index + step));
  else if (digit >= 1 && digit <= methods.length) reference = reference === digit - 1 ? -1 : digit - 1;
  else return;
  await show();
  preload();
});

await show();
preload();
