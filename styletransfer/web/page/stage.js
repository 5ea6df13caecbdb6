// The picture: before and after in one frame, and the brush over it.

import { $, fit, showCut } from "./parts.js";

let changed = () => {}; // told when something was brushed

/** Show a picture of this shape: the photo's file and what is painted of it. */
export function show({ before, after, size }) {
  if (before && $("before").getAttribute("src") !== before) $("before").src = before;
  if (after) $("after").src = after;
  if (size) $("picture").dataset.shape = size.join(" ");
  $("empty").hidden = true;
  $("picture").hidden = false;
  hideFilm();
  refit();
}

export const refit = () => fit($("picture"), $("frame"));

/** A painted film, to be watched. */
export function showFilm(source) {
  $("film").src = source;
  $("film").hidden = false;
}

function hideFilm() {
  if ($("film").hidden) return;
  $("film").hidden = true;
  $("film").removeAttribute("src");
  $("film").load();
}

/** How far a job is, from 0 to 1; without a number it goes on somehow; null: nothing is being done. */
export function progress(share) {
  $("busy").hidden = share === null;
  $("busy").classList.toggle("share", share > 0);
  $("busy").style.setProperty("--share", `${100 * (share ?? 0)}%`);
}

// --- The brush ---

const LONGEST = 1024; // of what is brushed; it is made as large as the photo
const canvas = $("brush");
const context = canvas.getContext("2d");
let last = null; // where the brush was
let brushed = false;

/** Begin with an empty sheet of the photo's shape. */
export function newSheet([width, height]) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  brushed = false;
}

/** What was brushed as a file; null if nothing was. */
export const sheet = () => (brushed ? new Promise((resolve) => canvas.toBlob(resolve, "image/png")) : null);

/** Show what was brushed before; null: nothing. */
export async function showSheet(blob) {
  context.clearRect(0, 0, canvas.width, canvas.height);
  brushed = Boolean(blob);
  if (!blob) return;
  const bitmap = await createImageBitmap(blob);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  if (!pixels.data.every((value, i) => i % 4 < 3 || value === 255)) return;
  // A mask from a file: where it is white one would have brushed.
  for (let i = 0; i < pixels.data.length; i += 4) {
    const [red, green, blue] = pixels.data.subarray(i, i + 3);
    pixels.data[i + 3] = 0.299 * red + 0.587 * green + 0.114 * blue;
  }
  context.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = accent();
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "source-over";
}

const accent = () => getComputedStyle(document.documentElement).getPropertyValue("--accent");

export function setBrushing(on) {
  canvas.hidden = !on;
  $("brush-tools").hidden = !on;
  $("brushing").ariaPressed = String(on);
  $("picture").classList.toggle("brushing", on);
}

function stroke({ clientX, clientY }) {
  const box = canvas.getBoundingClientRect();
  const at = [((clientX - box.left) / box.width) * canvas.width, ((clientY - box.top) / box.height) * canvas.height];
  const erase = $("erase").ariaPressed === "true";
  context.globalCompositeOperation = erase ? "destination-out" : "source-over";
  context.strokeStyle = accent();
  context.lineWidth = (Math.min(canvas.width, canvas.height) * $("brush-size").value) / 100;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...(last ?? at));
  context.lineTo(...at);
  context.stroke();
  last = at;
  brushed = true;
}

/** What is to be done when something was brushed, or wiped away. */
export function onBrushed(tell) {
  changed = tell;
}

canvas.onpointerdown = (event) => {
  canvas.setPointerCapture(event.pointerId);
  last = null;
  stroke(event);
};
canvas.onpointermove = (event) => event.buttons && last && stroke(event);
canvas.onpointerup = () => {
  last = null;
  changed();
};
$("clear").onclick = () => {
  showSheet(null);
  changed();
};
$("erase").onclick = () => {
  $("erase").ariaPressed = String($("erase").ariaPressed !== "true");
};
$("brushing").onclick = () => setBrushing(canvas.hidden);

const cut = () => showCut($("cut"), $("picture"));
$("cut").oninput = cut;
cut();
addEventListener("resize", refit);
new ResizeObserver(refit).observe($("frame"));
