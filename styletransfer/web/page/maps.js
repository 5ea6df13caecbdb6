// Where to paint, and in which style: what is brushed, masks and maps.

import * as controls from "./controls.js";
import { $ } from "./parts.js";
import { send, state } from "./server.js";
import * as stage from "./stage.js";

let wish = () => {};
let say = () => {};

/** wished: told what was changed. tell: what to say, and whether it is wrong. */
export function setUp(wished, tell) {
  [wish, say] = [wished, tell];
  stage.onBrushed(brushed);
  $("regions").addEventListener("chosen", () => wish("regions"));
}

async function brushed() {
  const blob = await stage.sheet();
  const of = state.photo;
  try {
    state.options.mask = blob ? (await send("mask", blob, { name: "mask.png", of })).id : null;
  } catch (error) {
    state.options.mask = null;
    say(error.message, true);
  }
  controls.showOptions();
  wish("brush");
}

/** A mask from a file. */
export async function openMask([file]) {
  try {
    state.options.mask = (await send("mask", file, { of: state.photo })).id;
    await stage.showSheet(file);
    controls.showOptions();
    wish("mask");
  } catch (error) {
    say(error.message, true);
  }
}

/** A map whose colours choose the styles. */
export async function openMap([file]) {
  try {
    state.options.regions = (await send("regions", file, { of: state.photo })).id;
    state.options.region = {};
    controls.showOptions();
    say("Choose a style for the map's colours.");
  } catch (error) {
    say(error.message, true);
  }
}
