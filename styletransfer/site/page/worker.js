// Paints, beside the page, so that the page stays awake. Asks for nothing: all that it needs is sent to it.

import { makeNoise } from "./grain.js";

const MULTIPLE = 16; // of which the sides are that the network is given, as in Python
const SMALLEST = 32; // pixels of a draft's short side, likewise
const STYLE_SIZE = 512; // short side at which a painting is looked at
const LONGEST_STYLE = 2048;

let ort, site;
const sessions = {}; // first, next, style
const styles = new Map(); // key to row of numbers
let photo = null; // {rgba, width, height}
let noise; // on which drafts are begun

const tasks = { load, openPhoto, openStyle, paint, paintFrame };
let turn = Promise.resolve(); // one task after the other

onmessage = ({ data: { id, task, given } }) => {
  turn = turn.then(async () => {
    try {
      const value = await tasks[task](given);
      postMessage({ id, value }, value?.rgba ? [value.rgba.buffer] : []);
    } catch (error) {
      postMessage({ id, error: String(error?.message ?? error) });
    }
  });
};

/** Start the runtime and the graphs. files: name to bytes; rows: the shipped styles', in float32. */
async function load({ about, files, rows, provider, threads }) {
  site = about;
  const address = URL.createObjectURL(new Blob([files.module], { type: "text/javascript" }));
  ort = await import(address);
  ort.env.wasm.wasmBinary = files.binary;
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  const externalData = [{ path: about.weights, data: new Uint8Array(files.weights) }];
  for (const [name, bytes] of Object.entries(files.graphs)) {
    const options = { executionProviders: [provider], externalData };
    sessions[name] = await ort.InferenceSession.create(new Uint8Array(bytes), options);
  }
  noise = about.grain.strength ? makeNoise(about.grain.period, about.grain.unit) : null;
  const numbers = new Float32Array(rows);
  const length = numbers.length / about.styles.length;
  about.styles.forEach(({ key }, i) => styles.set(key, numbers.slice(i * length, (i + 1) * length)));
}

/** Read a photo, no longer than `limit`; gives its pixels to show. */
async function openPhoto({ file, limit }) {
  const { bitmap, width, height } = await decode(file, (w, h) => Math.min(1, limit / Math.max(w, h)));
  photo = pixels(bitmap);
  return { ...photo, rgba: photo.rgba.slice(), full: [width, height] };
}

/** Encode a painting as the style that `key` names. */
async function openStyle({ file, key }) {
  const scale = (w, h) => Math.min(STYLE_SIZE / Math.min(w, h), LONGEST_STYLE / Math.max(w, h));
  const { bitmap } = await decode(file, scale);
  const picture = padded(opaque(pixels(bitmap)));
  const { style } = await sessions.style.run({ picture: tensor(picture) });
  styles.set(key, Float32Array.from(style.data));
}

/** The photo in a blend of styles; gives its pixels. */
function paint(given) {
  return painted(photo, given);
}

/** One picture of the camera in a blend of styles. */
function paintFrame({ bitmap, ...given }) {
  return painted(pixels(bitmap), given);
}

/** shares: {key: share}; alpha: 0 to 2; strokes: a power of two. As `stylize.levels` has it: drafts of the
 * smallest copy first, each enlarged under the next, and the picture itself last. */
async function painted(picture, { shares, alpha, strokes }) {
  const start = performance.now();
  const { rgba, width, height } = picture;
  const whole = padded(opaque(picture));
  const levels = [whole];
  let factor = strokes * 2 ** site.drafts;
  while (Math.min(width, height) < SMALLEST * factor) factor /= 2;
  for (; factor >= 2; factor /= 2) levels.push(halved(levels.at(-1)));
  const given = { style: blended(shares), alpha: row([alpha]), ...moments(whole) };
  let below;
  while (levels.length > 1) {
    const level = levels.pop();
    const grain = grained(level, level);
    const out = await run({ photo: tensor(level), below, grain, last: row([0]), ...given }, "draft");
    below?.dispose();
    below = out;
  }
  const grain = grained(whole, picture);
  const out = await run({ photo: tensor(whole), below, grain, last: row([1]), ...given }, "picture");
  const values = await out.getData();
  const result = new Uint8ClampedArray(rgba.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const from = y * whole.width + x;
      for (let c = 0; c < 3; c++) result[at + c] = 255 * values[c * whole.size + from];
      result[at + 3] = rgba[at + 3]; // transparency goes around the network
    }
  }
  out.dispose();
  below?.dispose();
  return { rgba: result, width, height, seconds: (performance.now() - start) / 1000 };
}

async function run(given, wanted) {
  const session = given.below ? sessions.next : sessions.first;
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, given[name]]));
  return (await session.run(feeds, [wanted]))[wanted];
}

/** A weighted mean of styles, as one row. */
function blended(shares) {
  const parts = Object.entries(shares).filter(([, share]) => share > 0);
  const total = parts.reduce((sum, [, share]) => sum + share, 0);
  const mean = new Float32Array(styles.get(parts[0][0]).length);
  for (const [key, share] of parts) {
    const numbers = styles.get(key);
    for (let i = 0; i < mean.length; i++) mean[i] += (share / total) * numbers[i];
  }
  return row(mean, [1, mean.length]);
}

/** A file as an upright bitmap, resized by what `scale` says of its width and height. */
async function decode(file, scale) {
  let bitmap;
  const options = { imageOrientation: "from-image", premultiplyAlpha: "none" };
  try {
    bitmap = await createImageBitmap(file, options);
  } catch {
    throw new Error("This is not a picture that the browser can read.");
  }
  const { width, height } = bitmap;
  const factor = scale(width, height);
  if (factor === 1) return { bitmap, width, height };
  const [resizeWidth, resizeHeight] = [width, height].map((n) => Math.max(1, Math.round(n * factor)));
  const resize = { resizeWidth, resizeHeight, resizeQuality: "high", premultiplyAlpha: "none" };
  const small = await createImageBitmap(bitmap, resize);
  bitmap.close();
  return { bitmap: small, width, height };
}

function pixels(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { rgba: context.getImageData(0, 0, width, height).data, width, height };
}

/** The same, with what nobody can see in the mean colour of the rest: it has no say in the style. */
function opaque({ rgba, width, height }) {
  const sum = [0, 0, 0];
  let seen = 0;
  for (let at = 0; at < rgba.length; at += 4) {
    if (!rgba[at + 3]) continue;
    seen++;
    for (let c = 0; c < 3; c++) sum[c] += rgba[at + c];
  }
  if (!seen || 4 * seen === rgba.length) return { rgba, width, height };
  const filled = rgba.slice();
  for (let at = 0; at < rgba.length; at += 4) {
    if (!rgba[at + 3]) for (let c = 0; c < 3; c++) filled[at + c] = sum[c] / seen;
  }
  return { rgba: filled, width, height };
}

/** Three planes of numbers in [0, 1], reflected at the right and bottom up to a multiple of MULTIPLE. */
function padded({ rgba, width: wide, height: high }) {
  const [width, height] = [wide, high].map((side) => Math.ceil(side / MULTIPLE) * MULTIPLE);
  const size = width * height;
  const planes = new Float32Array(3 * size);
  const columns = Array.from({ length: width }, (_, x) => 4 * reflected(x, wide));
  for (let y = 0, at = 0; y < height; y++) {
    const line = 4 * wide * reflected(y, high);
    for (let x = 0; x < width; x++, at++) {
      const from = line + columns[x];
      for (let c = 0; c < 3; c++) planes[c * size + at] = rgba[from + c] / 255;
    }
  }
  return { planes, width, height, size };
}

function reflected(at, side) {
  const period = Math.max(1, 2 * (side - 1));
  return Math.min(at % period, period - (at % period), side - 1);
}

/** The mean of every two by two. */
function halved({ planes, width: wide, height: high }) {
  const [width, height] = [wide / 2, high / 2];
  const size = width * height;
  const small = new Float32Array(3 * size);
  for (let row = 0, at = 0; row < 3 * height; row++) {
    for (let x = 0, from = 2 * row * wide; x < width; x++, at++, from += 2) {
      small[at] = (planes[from] + planes[from + 1] + planes[from + wide] + planes[from + wide + 1]) / 4;
    }
  }
  return { planes: small, width, height, size };
}

/** Mean and covariance of the colours. */
function moments({ planes, size }) {
  const plane = [0, 1, 2].map((c) => planes.subarray(c * size, (c + 1) * size));
  const mean = plane.map((values) => values.reduce((sum, value) => sum + value, 0) / size);
  const covariance = [0, 1, 2].flatMap((a) =>
    [0, 1, 2].map((b) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (plane[a][i] - mean[a]) * (plane[b][i] - mean[b]);
      return sum / size;
    }),
  );
  return { mean: row(mean, [1, 3]), covariance: row(covariance, [1, 3, 3]) };
}

/** The noise of a picture's pixels, always the same and bound to their place, reflected where it is padded.
 * shown: what of it is no padding. */
function grained({ width, height, size }, shown) {
  if (!noise) return undefined;
  const { strength, period, unit } = site.grain;
  const values = new Float32Array(size);
  const columns = Array.from({ length: width }, (_, x) => reflected(x, shown.width) % period);
  for (let y = 0, at = 0; y < height; y++) {
    const line = (reflected(y, shown.height) % period) * period;
    for (let x = 0; x < width; x++, at++) values[at] = (noise[line + columns[x]] * strength) / unit;
  }
  return row(values, [1, 1, height, width]);
}

function tensor({ planes, width, height }) {
  return row(planes, [1, 3, height, width]);
}

function row(values, shape = [values.length]) {
  return new ort.Tensor("float32", Float32Array.from(values), shape);
}
