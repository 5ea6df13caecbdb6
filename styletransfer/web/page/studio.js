// The page as a whole: what is opened, painted, shown and saved.

import * as camera from "./camera.js";
import { copy, save, saveCode } from "./copies.js";
import * as controls from "./controls.js";
import * as history from "./history.js";
import * as maps from "./maps.js";
import { $, listenForFiles, make } from "./parts.js";
import { asked, listen, paintedAt, run, send, sentAt, state, stop } from "./server.js";
import * as stage from "./stage.js";
import * as styles from "./styles.js";

const FILM = /\.(mp4|mov|m4v|mkv|webm|gif)$/i;
const PATIENCE = 1000; // milliseconds that a preview takes before one is offered to stop it

function say(text, wrong = false) {
  $("status").textContent = wrong ? asLabelled(text) : text;
  $("status").classList.toggle("wrong", wrong);
}

/** A text that names options as the command does (--style-size) or Python (style_size), with the page's names. */
function asLabelled(text) {
  return text.replace(/(?:--)?\b[a-z]+(?:[-_][a-z]+)*\b/g, (name) => {
    if (!/^--|_/.test(name)) return name;
    const label = document.querySelector(`label[for="${name.replace("--", "").replaceAll("-", "_")}"]`);
    return label ? `“${label.textContent}”` : name;
  });
}

// --- Previews: the newest wish, and no other, follows what is being painted ---

let wished = ""; // what was changed since the last preview
let painting = false;
let lost = false;

function wish(why) {
  wished = why;
  if (!painting) preview();
}

async function preview() {
  painting = true;
  while (wished && state.photo && !camera.running() && !lost && !busy) {
    const why = wished;
    const asking = asked();
    wished = "";
    stage.progress(0);
    const started = performance.now();
    try {
      const found = await run("preview", asking, (job) => follow(job, started));
      if (!found || camera.running()) continue;
      const size = sizeOf(asking);
      stage.show({ after: paintedAt(found.shown), size });
      history.add({ wish: asking, shown: found.shown, size, words: inWords(asking) }, why);
      if (!wished) say(`A preview, in ${((performance.now() - started) / 1000).toFixed(1)} s. The file will be ${size.join(" × ")}.`);
      $("picture").dataset.previews = Number($("picture").dataset.previews ?? 0) + 1;
    } catch (error) {
      if (error.status !== 0) say(error.message, true);
    }
  }
  painting = false;
  if (!busy) stage.progress(null);
  showStop(busy);
}

/** What a job says of itself while it lasts. */
function follow(job, started) {
  if (job.state === "waiting" && job.place) say(`${job.place} ${job.place > 1 ? "are" : "is"} before you.`);
  if (job.state === "working") {
    stage.progress(job.share);
    if (job.kind === "preview") say("Painting…");
    if (performance.now() - started > PATIENCE) showStop(job);
  }
}

/** Width and height of what will be painted. */
function sizeOf({ photos: [photo], options }) {
  const [width, height] = state.files.get(photo).size;
  const scale = options.size ? options.size / Math.min(width, height) : 1;
  return [width, height].map((side) => Math.max(1, Math.round(side * scale)));
}

function inWords({ styles: chosen, options }) {
  const names = chosen.map(({ id, share }) => {
    const title = state.styles.get(id)?.title ?? "a style";
    return chosen.length > 1 ? `${title} ${share} %` : title;
  });
  return `${names.join(" and ")}, strength ${Math.round(100 * options.alpha)} %`;
}

// --- Painting for good ---

let busy = null; // the job that is not a preview

function showStop(job) {
  $("stop").hidden = !job;
  $("paint").hidden = Boolean(job);
  $("stop").onclick = () => {
    $("stop").disabled = true;
    wished = "";
    stop(job.id).catch((error) => say(error.message, true));
  };
  $("stop").disabled = false;
}

async function paint() {
  if (camera.running()) stopCamera();
  const film = state.files.get(state.photo).role === "film";
  const kind = film ? "film" : state.photos.length > 1 ? "folder" : "picture";
  const asking = asked(kind === "folder" ? state.photos : [state.photo]);
  const started = performance.now();
  busy = {};
  try {
    const found = await run(kind, asking, (job) => {
      if (job.state === "waiting" || job.state === "working") showStop((busy = job));
      follow(job, started);
      seen(job);
    });
    if (!found) return say("Stopped.");
    save(found);
    tell(found, (performance.now() - started) / 1000);
  } catch (error) {
    say(error.message, true);
  } finally {
    busy = null;
    showStop(null);
    stage.progress(null);
    if (wished) preview();
  }
}

/** Show what there is to be seen of a job. */
function seen({ kind, state: stands, seen: { shown, photo, done, of } }) {
  if (stands !== "working") return;
  const before = photo && sentAt(photo);
  if (shown) stage.show({ before, after: paintedAt(shown), size: photo && state.files.get(photo).size });
  const what = kind === "film" ? "frames" : "photos";
  say(of ? `Painting: ${done} of ${of} ${what}.` : "Painting…");
}

function tell(found, seconds) {
  const size = found.size ? `, ${found.size.join(" × ")}` : "";
  const more = found.failed?.length ? ` ${found.of - found.done} are missing: ${found.failed.join("; ")}` : "";
  const notes = found.notes?.length ? ` ${found.notes.join(" ")}` : "";
  const count = found.done ? `, ${found.done} photos` : "";
  say(`Saved as ${found.name}${size}${count}, in ${seconds.toFixed(1)} s.${more}${notes}`, Boolean(more));
  if (found.frames) stage.showFilm(paintedAt(found.file));
  else if (found.shown) stage.show({ after: paintedAt(found.shown), size: found.size });
}

// --- Photos, films, the camera ---

async function openPhotos(files) {
  stage.progress(0);
  const opened = [];
  let failed = "";
  for (const file of files) {
    say(`Opening ${file.name}…`);
    try {
      const role = FILM.test(file.name) || file.type.startsWith("video/") ? "film" : "photo";
      opened.push(await send(role, file));
      if (role === "film") opened.splice(0, opened.length - 1); // one film is enough
    } catch (error) {
      failed = error.message;
    }
  }
  if (!painting) stage.progress(null);
  if (failed) say(failed, true);
  if (!opened.length) return;
  state.photos = opened.map(({ id }) => id);
  look(opened[0].id, "another photo");
  if (failed) say(failed, true);
}

/** Look at one of the photos. */
function look(id, why) {
  state.photo = id;
  state.options = { ...state.options, mask: null, regions: null, region: {} };
  showPhoto();
  wish(why);
}

function showPhoto() {
  const { name, size, seconds, role } = state.files.get(state.photo);
  stage.show({ before: sentAt(state.photo), after: sentAt(state.photo), size });
  stage.newSheet(size);
  stage.setBrushing(false);
  const count = state.photos.length;
  $("thumb").src = sentAt(state.photo);
  $("thumb").hidden = false;
  $("photo-name").textContent = count > 1 ? `${count} photos` : name;
  $("photo-size").textContent = size.join(" × ") + (seconds ? `, ${seconds.toFixed(0)} s` : "");
  $("photo-verb").textContent = "Replace";
  $("paint").disabled = false;
  $("paint").textContent = role === "film" ? "Paint the film" : count > 1 ? `Paint all ${count}` : "Paint and download";
  $("brushing").disabled = role === "film" || count > 1;
  for (const button of ["copy-command", "copy-python"]) $(button).disabled = count > 1;
  $("format").disabled = role === "film";
  $("photos").hidden = count < 2;
  $("photos").replaceChildren(
    ...(count > 1 ? state.photos : []).map((each) => {
      const title = state.files.get(each).name;
      const button = make("button", { type: "button", title, ariaLabel: `Look at ${title}` }, make("img", { src: sentAt(each), alt: "" }));
      if (each === state.photo) button.ariaCurrent = "true";
      button.onclick = () => look(each, "another photo");
      return make("li", {}, button);
    }),
  );
  controls.showOptions();
}

function stopCamera() {
  camera.stop();
  if (state.photo) showPhoto();
}

async function toggleCamera() {
  if (!camera.running()) return camera.start(say, (file) => openPhotos([file]));
  stopCamera();
  wish("camera");
}

// --- What was tried ---

async function reopen({ wish: was, shown, size }) {
  if (camera.running()) camera.stop();
  const others = !state.photos.includes(was.photos[0]) || state.model !== was.model;
  state.model = was.model;
  state.options = structuredClone(was.options);
  state.shares = new Map(was.styles.map(({ id, share }) => [id, share]));
  if (others) {
    if (!state.photos.includes(was.photos[0])) state.photos = [...was.photos];
    styles.showModel();
  }
  const same = state.photo === was.photos[0];
  state.photo = was.photos[0];
  if (!same || others) showPhoto();
  $("blend").ariaPressed = String(state.shares.size > 1);
  styles.showShares();
  controls.showOptions();
  stage.showSheet(state.files.get(was.options.mask)?.blob ?? null);
  stage.show({ before: sentAt(state.photo), after: paintedAt(shown), size });
  say(inWords(was));
}

// --- What people do ---

function take(files, where) {
  files = [...files];
  if (!files.length) return;
  const codes = files.filter(({ name }) => name.endsWith(".safetensors"));
  if (codes.length || where?.closest?.("#styles")) return styles.openStyles(codes.length ? codes : files);
  if (camera.running()) camera.stop();
  openPhotos(files);
}

function listenToPeople() {
  const inputs = { photo: take, painting: styles.openStyles, map: maps.openMap, "mask-file": maps.openMask };
  listenForFiles(Object.entries(inputs), take);
  $("paint").onclick = paint;
  $("camera").onclick = toggleCamera;
  $("copy-command").onclick = () => copy("command", say);
  $("copy-python").onclick = () => copy("python", say);
  $("save-code").onclick = () => saveCode(say);
  $("model").onchange = () => {
    state.model = $("model").value;
    styles.showModel();
    controls.showOptions();
    wish("model");
  };
}

async function begin() {
  state.about = await (await fetch("about.json")).json();
  state.model = state.about.models[0].name;
  state.options = controls.defaults();
  maps.setUp(wish, say);
  styles.setUp(wish, say);
  history.setUp(reopen);
  controls.setUp((name, shown) => shown && wish(name));
  styles.showModel();
  controls.showOptions();
  listenToPeople();
  $("after").onerror = () => state.photo && wish("a picture that is gone");
  listen(
    () => {
      lost = true;
      say("The connection to the studio is lost; trying again…", true);
    },
    () => {
      lost = false;
      say("The studio is here again.");
      wish("connection");
    },
  );
  const blob = await (await fetch("photo.jpg")).blob();
  if (!state.photos.length) await openPhotos([new File([blob], state.about.photo, { type: "image/jpeg" })]);
}

begin().catch((error) => say(`The studio could not be made ready: ${error.message}`, true));
