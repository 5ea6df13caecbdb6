// How to paint: each option of StylizeOptions and its control.

import { $, make } from "./parts.js";
import { state } from "./server.js";

const STROKES = [[0.5, "fine"], [0.75, "rather fine"], [1, "normal"], [1.5, "rather broad"], [2, "broad"], [3, "very broad"], [4, "broadest"]];
const SIZES = [128, 160, 192, 256, 384, 512, 768, 1024]; // at which a painting is looked at
const nearest = (numbers, value) =>
  numbers.reduce((best, each, i) => (Math.abs(each - value) < Math.abs(numbers[best] - value) ? i : best), 0);
const percent = (value) => `${Math.round(value * 100)} %`;

// Of each control: from the option's value to the control's, back, and in words.
const share = { show: (value) => Math.round(value * 100), read: (text) => Number(text) / 100, say: percent };
const number = { show: String, read: Number, say: String };
const text = { show: String, read: String };
const CONTROLS = {
  alpha: share,
  strokes: {
    show: (value) => nearest(STROKES.map(([size]) => size), value),
    read: (at) => STROKES[at][0],
    say: (value) => STROKES.find(([size]) => size === value)?.[1] ?? `× ${value}`,
  },
  preserve_color: text,
  color_strength: share,
  style_size: {
    show: (value) => nearest(SIZES, value),
    read: (at) => SIZES[at],
    say: (value) => (value < 512 ? `${value} px: finer` : value > 512 ? `${value} px: broader` : `${value} px`),
  },
  style_crop: share,
  feather: { ...number, say: (value) => `${value} px` },
  refine: number,
  size: { show: (value) => value ?? "", read: (given) => (given === "" ? null : Number(given)) },
  tile: text,
  stats: text,
};
const FINAL = ["refine", "tile"]; // what no preview shows

/** Set up all controls. changed: told which option has another value, and whether a preview shows it. */
export function setUp(changed) {
  for (const [name, { read }] of Object.entries(CONTROLS)) {
    const control = $(name);
    control[control.type === "range" ? "oninput" : "onchange"] = () => {
      if (!control.checkValidity()) return control.reportValidity();
      state.options[name] = read(control.value);
      showOptions();
      changed(name, !FINAL.includes(name));
    };
  }
  for (const name of Object.keys(state.about.presets)) $("preset").append(make("option", { textContent: name }));
  $("preset").onchange = () => {
    const { mask, regions, region } = state.options;
    state.options = { ...defaults(), mask, regions, region, ...state.about.presets[$("preset").value] };
    showOptions();
    changed("preset", true);
  };
  $("reset").onclick = () => {
    state.options = defaults();
    $("preset").value = "";
    showOptions();
    changed("reset", true);
  };
  for (const name of state.about.formats) $("format").append(make("option", { value: name, textContent: name.toUpperCase() }));
  $("format").onchange = () => {
    state.format = $("format").value;
    showOptions();
  };
  $("quality").onchange = () => {
    if (!$("quality").checkValidity()) return $("quality").reportValidity();
    state.quality = Number($("quality").value);
  };
  for (const { name } of state.about.models) $("model").append(make("option", { value: name, textContent: named(name) }));
}

/** A model given as a file is called by its name. */
const named = (model) => model.split(/[\\/]/).at(-1).replace(/\.safetensors$/, "");

export const defaults = () => ({ ...state.about.defaults, size: null, mask: null, regions: null, region: {} });

/** Have the controls show what the options are. */
export function showOptions() {
  for (const [name, { show, say }] of Object.entries(CONTROLS)) {
    const value = state.options[name];
    const control = $(name);
    control.value = show(value);
    if (control.tagName === "SELECT" && control.value !== String(value)) {
      control.append(make("option", { value, textContent: value })); // a preset's
      control.value = value;
    }
    const said = say && control.type === "range" ? say(value) : "";
    if (!said) continue;
    document.querySelector(`output[for=${name}]`).textContent = said;
    control.ariaValueText = said;
  }
  $("color_strength").disabled = state.options.preserve_color === "none";
  $("feather").disabled = !state.options.mask && !state.options.regions;
  $("model").value = state.model;
  $("format").value = state.format;
  $("quality").value = state.quality;
  $("quality-control").hidden = !["jpg", "webp"].includes(state.format);
  showRegions();
}

/** The map's colours, each with the styles that it may have. */
export function showRegions() {
  const map = state.files.get(state.options.regions);
  $("map-name").textContent = map ? map.name : "Choose";
  $("regions").replaceChildren(
    ...(map?.colors ?? []).map((color, i) => {
      const swatch = make("canvas", { width: 1, height: 1 });
      const brush = swatch.getContext("2d");
      brush.fillStyle = color;
      brush.fillRect(0, 0, 1, 1);
      const choice = make("select", { ariaLabel: `Style of ${color}` }, make("option", { value: "", textContent: "the chosen styles" }));
      for (const [key, { title }] of state.styles) choice.append(make("option", { value: key, textContent: title }));
      choice.value = state.options.region[color] ?? "";
      choice.onchange = () => {
        const { [color]: _, ...others } = state.options.region;
        state.options.region = choice.value ? { ...others, [color]: choice.value } : others;
        $("regions").dispatchEvent(new CustomEvent("chosen"));
      };
      return make("label", { className: "region" }, swatch, choice);
    }),
  );
}
