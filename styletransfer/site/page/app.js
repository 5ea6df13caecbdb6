// The page: what is chosen and shown. painter.js has it painted.

import { ask, onBroken, ready, site } from "./painter.js";
import { $, fit, listenForFiles, listenToBlend, make, MOST_STYLES, setShare, showCut, showSliders, styleCard } from "./parts.js";

const STROKES = [[0.5, "fine"], [1, "normal"], [2, "broad"], [4, "very broad"]];
const LIVE = 320; // pixels, the long side of the camera's pictures while it runs

const state = {
  file: null, // the photo's
  name: "photo",
  opened: false, // whether somebody has opened one
  styles: new Map(), // key to {title, artist}
  shares: new Map(), // key of each chosen style to its percentage; they add to 100
  stream: null, // the camera's, while it runs
};

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

// --- Painting: the newest wish, and no other, follows what is being painted ---

let painting = false;
let wished = false;

function wish() {
  wished = true;
  if (!painting) paint();
}

async function paint() {
  painting = true;
  while (wished && state.file && !state.stream) {
    wished = false;
    $("busy").hidden = false;
    say("Painting…");
    try {
      const picture = await ask("paint", choice());
      show("after", picture);
      $("save").disabled = false;
      const seconds = picture.seconds.toFixed(1);
      if (!wished) say(`Painted at ${picture.width} × ${picture.height} in ${seconds} s.`);
    } catch (error) {
      sayFailed(error);
    }
  }
  $("busy").hidden = true;
  painting = false;
}

/** What the worker is to paint with. */
function choice() {
  return {
    shares: Object.fromEntries(state.shares),
    alpha: $("alpha").value / 100,
    strokes: STROKES[$("strokes").value][0],
  };
}

function sayFailed({ message }) {
  const full = /memory|alloc|bad_alloc/i.test(message);
  say(full ? "There is not enough memory for this size: choose a smaller one." : message, true);
}

function show(id, { rgba, width, height }) {
  const canvas = $(id);
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
  $("empty").hidden = true;
  $("picture").hidden = false;
  $("picture").dataset.shape = `${width} ${height}`;
  fit($("picture"), $("frame"));
}

// --- The photo ---

async function openPhoto(file) {
  state.opened = true;
  say("Opening…");
  $("busy").hidden = false;
  try {
    const photo = await ask("openPhoto", { file, limit: Number($("size").value) });
    [state.file, state.name] = [file, file.name.replace(/\.[^.]*$/, "") || "photo"];
    show("before", photo);
    show("after", photo);
    $("save").disabled = true;
    wish();
  } catch (error) {
    say(`${file.name}: ${error.message}`, true);
  }
  if (!painting) $("busy").hidden = true;
}

async function save() {
  const blob = await new Promise((resolve) => $("after").toBlob(resolve, "image/png"));
  const names = [...state.shares.keys()].map((key) => state.styles.get(key).title);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  const style = names.join("+").toLowerCase().replace(/[^\p{L}\p{N}+]+/gu, "-");
  link.download = `${state.name}-${style}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(`Saved as ${link.download}.`);
}

// --- Styles ---

function addStyle(key, title, artist, source, first = false) {
  state.styles.set(key, { title, artist });
  const item = make("li", {}, styleCard(key, { title, artist }, source, choose));
  const own = $("strip").firstElementChild;
  first ? own.after(item) : $("strip").append(item);
}

/** Take this style alone; or, where several are blended, take it in or out. */
function choose(key) {
  const { shares } = state;
  if ($("blend").ariaPressed !== "true") {
    shares.clear();
    shares.set(key, 100);
  } else if (!shares.has(key)) {
    if (shares.size === MOST_STYLES) return say(`A blend has at most ${MOST_STYLES} styles.`, true);
    shares.set(key, 0);
    setShare(shares, key, Math.round(100 / shares.size));
  } else if (shares.size > 1) {
    setShare(shares, key, 0);
    shares.delete(key);
  }
  showShares();
  wish();
}

function showShares() {
  const { shares, styles } = state;
  for (const button of $("strip").querySelectorAll("button")) {
    const share = shares.get(button.dataset.key);
    button.ariaPressed = String(share !== undefined);
    button.lastChild.textContent = shares.size > 1 && share !== undefined ? `${share} %` : "";
    button.lastChild.hidden = !button.lastChild.textContent;
  }
  showSliders(shares, styles, (key, share) => {
    setShare(shares, key, share);
    showShares();
    wish();
  });
}

let owns = 0;
async function openStyle(file) {
  say("Looking at the painting…");
  const key = `own-${++owns}`;
  try {
    await ask("openStyle", { file, key });
  } catch (error) {
    return say(`${file.name}: ${error.message}`, true);
  }
  addStyle(key, file.name.replace(/\.[^.]*$/, ""), "your own", URL.createObjectURL(file), true);
  choose(key);
}

// --- The camera ---

async function toggleCamera() {
  if (state.stream) return stopCamera();
  try {
    state.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
  } catch {
    return say("There is no camera that this page may use.", true);
  }
  $("camera").textContent = "Stop camera";
  $("shoot").hidden = false;
  $("save").disabled = true;
  const video = document.createElement("video");
  Object.assign(video, { srcObject: state.stream, muted: true, playsInline: true });
  await video.play();
  $("shoot").onclick = () => keep(video);
  say("The camera is on: what it sees stays on this machine.");
  while (state.stream) await showFrame(video);
}

async function showFrame(video) {
  const scale = Math.min(1, LIVE / Math.max(video.videoWidth, video.videoHeight));
  const [resizeWidth, resizeHeight] = [video.videoWidth, video.videoHeight].map((n) => Math.round(n * scale));
  try {
    const bitmap = await createImageBitmap(video, { resizeWidth, resizeHeight });
    const copy = await createImageBitmap(bitmap);
    const picture = await ask("paintFrame", { bitmap, ...choice() }, [bitmap]);
    if (!state.stream) return;
    show("before", { rgba: new Uint8ClampedArray(4 * picture.width * picture.height), ...picture });
    $("before").getContext("2d").drawImage(copy, 0, 0);
    copy.close();
    show("after", picture);
  } catch (error) {
    stopCamera();
    sayFailed(error);
  }
}

async function keep(video) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  endStream();
  await openPhoto(new File([blob], "camera.png", { type: "image/png" }));
}

function stopCamera() {
  endStream();
  if (state.file) openPhoto(state.file);
}

function endStream() {
  state.stream?.getTracks().forEach((track) => track.stop());
  state.stream = null;
  $("camera").textContent = "Camera";
  $("shoot").hidden = true;
}

// --- What people do ---

function showValues() {
  $("alpha").previousElementSibling.textContent = `${$("alpha").value} %`;
  const [, name] = STROKES[$("strokes").value];
  $("strokes").previousElementSibling.textContent = name;
  $("strokes").ariaValueText = name;
}

function take(files, where) {
  const file = [...files].find(({ type }) => !type || type.startsWith("image/")) ?? files[0];
  if (!file) return;
  if (where?.closest?.("#styles")) return openStyle(file);
  endStream();
  openPhoto(file);
}

$("cut").oninput = () => showCut($("cut"), $("picture"));
for (const id of ["alpha", "strokes"]) {
  $(id).oninput = () => {
    showValues();
    wish();
  };
}
$("size").onchange = () => state.file && !state.stream && openPhoto(state.file);
listenForFiles([["photo", take], ["painting", ([file]) => openStyle(file)]], take);
$("save").onclick = save;
$("camera").onclick = toggleCamera;
listenToBlend(() => state.shares, choose, say);
addEventListener("resize", () => fit($("picture"), $("frame")));

showValues();
showCut($("cut"), $("picture"));
onBroken((text) => say(text, true));
site.then(({ styles, drafts }) => {
  for (const { key, title, artist } of styles) addStyle(key, title, artist, `styles/${key}.jpg`);
  choose(styles[0].key);
  $("strokes-control").hidden = !drafts;
});
ready.then(
  (example) => state.opened || openPhoto(example),
  (error) => say(`This page could not be made ready: ${error.message}`, true),
);
