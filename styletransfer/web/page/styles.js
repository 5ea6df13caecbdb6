// The styles: which there are, and which are chosen.

import { $, listenToBlend, make, MOST_STYLES, setShare, showSliders, styleCard } from "./parts.js";
import { random, send, state } from "./server.js";

let changed = () => {};
let say = () => {};

/** changed: told when others are chosen. tell: what to say, and whether it is wrong. */
export function setUp(told, tell) {
  [changed, say] = [told, tell];
  listenToBlend(() => state.shares, choose, say);
}

/** The styles of a model, in place of another's. */
export function showModel() {
  const { styles, own } = state.about.models.find(({ name }) => name === state.model);
  const mine = [...state.styles].filter(([, style]) => style.own);
  state.styles = new Map();
  $("strip").querySelectorAll(".style[data-key]").forEach((card) => card.parentElement.remove());
  $("strip").querySelector(".own").parentElement.hidden = !own;
  for (const [key, style] of own ? mine : []) add(key, style, URL.createObjectURL(state.files.get(key).blob));
  for (const { key, ...style } of styles) {
    add(key, style, `styles/${encodeURIComponent(key)}?model=${encodeURIComponent(state.model)}`);
  }
  for (const key of [...state.shares.keys()]) if (!state.styles.has(key)) state.shares.delete(key);
  if (!state.shares.size) state.shares.set(styles[0].key, 100);
  else setShare(state.shares, [...state.shares.keys()][0], 100 - others());
  showShares();
}

/** What the styles after the first have together. */
function others() {
  const rest = [...state.shares.values()].slice(1).reduce((sum, share) => sum + share, 0);
  return Math.min(100, rest);
}

function add(key, style, source, first = false) {
  state.styles.set(key, style);
  const card = make("li", {}, styleCard(key, style, source, choose));
  if (!source) card.querySelector("img").replaceWith(make("span", { className: "plus", textContent: "≋", ariaHidden: "true" }));
  first ? $("strip").firstElementChild.after(card) : $("strip").append(card);
}

/** Take this style alone; or, where several are blended, take it in or out. */
export function choose(key) {
  const { shares } = state;
  if ($("blend").ariaPressed !== "true") {
    if (shares.size === 1 && shares.has(key)) return say("That is the chosen style: choose another in its place.");
    shares.clear();
    shares.set(key, 100);
  } else if (!shares.has(key)) {
    if (shares.size === MOST_STYLES) return say("Four styles are the most: take one out first.", true);
    shares.set(key, 0);
    setShare(shares, key, Math.round(100 / shares.size));
  } else if (shares.size > 1) {
    setShare(shares, key, 0);
    shares.delete(key);
  } else {
    return say("One style is the least: take another in first.");
  }
  showShares();
  changed("styles");
}

/** Have cards and sliders show which styles are chosen, and how much of each. */
export function showShares() {
  const { shares, styles } = state;
  if (shares.size > 1) $("blend").ariaPressed = "true";
  for (const card of $("strip").querySelectorAll("button")) {
    const share = shares.get(card.dataset.key);
    card.ariaPressed = String(share !== undefined);
    card.lastChild.textContent = share === undefined ? "" : shares.size > 1 ? `${share} %` : "✓";
    card.lastChild.hidden = share === undefined;
  }
  showSliders(shares, styles, (key, share) => {
    setShare(state.shares, key, share); // which another map may have taken the place of
    showShares();
    changed(`share of ${key}`);
  });
}

/** Paintings and style codes of one's own. */
export async function openStyles(files) {
  for (const file of files) {
    say(`Looking at ${file.name}…`);
    const id = random(8);
    try {
      await send("style", file, { id });
    } catch (error) {
      say(error.message, true);
      continue;
    }
    const code = !state.files.get(id).size;
    const style = { title: file.name.replace(/(\.style)?\.[^.]*$/, ""), artist: code ? "a style code" : "your own", own: true };
    add(id, style, code ? "" : URL.createObjectURL(file), true);
    choose(id);
  }
}
