// The camera: what it sees is painted as it is seen.

import { $ } from "./parts.js";
import { asked, paintFrame } from "./server.js";
import { refit, setBrushing, show } from "./stage.js";

const LONG = 384; // pixels, the long side of what is painted live
const AHEAD = 2; // pictures on their way: while one is painted, the next is sent

let stream = null;

export const running = () => Boolean(stream);

/** Turn it on. say: as for all; give: called with a picture that is to be kept. */
export async function start(say, give) {
  const video = $("seen");
  try {
    const camera = navigator.mediaDevices; // none where the page is not from this machine, nor by https
    stream = await camera.getUserMedia({ video: { width: { ideal: 1280 } } });
  } catch {
    return say("There is no camera that this page may use.", true);
  }
  $("camera").textContent = "Stop camera";
  document.body.classList.add("live");
  $("photo-name").textContent = "Camera";
  setBrushing(false);
  $("keep").hidden = false;
  $("paint").disabled = $("brushing").disabled = true;
  video.srcObject = stream;
  await video.play();
  const { videoWidth: width, videoHeight: height } = video;
  show({ size: [width, height] });
  for (const id of ["seen", "live"]) $(id).hidden = false;
  for (const id of ["before", "after"]) $(id).hidden = true;
  refit();
  const scale = LONG / Math.max(width, height);
  [$("live").width, $("live").height] = [Math.round(width * scale), Math.round(height * scale)];
  $("keep").onclick = () => keep(video, give);
  say("The camera is on: what it sees stays on this machine.");
  $("live").dataset.frames = "0";
  await Promise.all(Array.from({ length: AHEAD }, () => paint(video, say)));
}

/** Picture after picture, for as long as the camera runs. */
async function paint(video, say) {
  const { width, height } = $("live");
  const sheet = new OffscreenCanvas(width, height);
  const brush = sheet.getContext("2d");
  while (stream) {
    brush.drawImage(video, 0, 0, width, height);
    try {
      const taken = await sheet.convertToBlob({ type: "image/jpeg", quality: 0.85 });
      const bitmap = await createImageBitmap(await paintFrame(taken, asked([])));
      if (stream) $("live").getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      $("live").dataset.frames = Number($("live").dataset.frames) + 1;
    } catch (error) {
      if (stream) say(error.message, true);
      stop();
    }
  }
}

async function keep(video, give) {
  const sheet = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  sheet.getContext("2d").drawImage(video, 0, 0);
  const blob = await sheet.convertToBlob({ type: "image/png" });
  stop();
  give(new File([blob], "camera.png", { type: "image/png" }));
}

/** Turn it off. */
export function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  $("seen").srcObject = null;
  $("camera").textContent = "Camera";
  document.body.classList.remove("live");
  $("keep").hidden = true;
  for (const id of ["seen", "live"]) $(id).hidden = true;
  for (const id of ["before", "after"]) $(id).hidden = false;
}
