// What was tried: each entry opens its exact settings again.

import { $, make } from "./parts.js";
import { paintedAt } from "./server.js";

const MOST = 30;
const ONE = 3000; // milliseconds in which changes of one control are one

const entries = []; // { wish, shown, size, words, why, when }
let at = -1; // the one that is seen
let reopen = () => {};

export function setUp(open) {
  reopen = open;
  $("undo").onclick = () => go(at - 1);
  $("redo").onclick = () => go(at + 1);
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    if (event.target.matches("textarea, input[type=number]")) return;
    event.preventDefault();
    go(event.shiftKey ? at + 1 : at - 1);
  });
}

/** One more. why: what was changed; the same again, soon after, takes the place of the last. */
export function add(entry, why) {
  entries.splice(at + 1);
  const last = entries[at];
  const when = Date.now();
  if (last && last.why === why && when - last.when < ONE) entries.pop();
  entries.push({ ...entry, why, when });
  if (entries.length > MOST) entries.shift();
  at = entries.length - 1;
  draw();
}

function go(index) {
  if (!entries[index]) return;
  at = index;
  entries[at].why = "reopened";
  draw();
  reopen(entries[at]);
}

function draw() {
  $("undo").disabled = at <= 0;
  $("redo").disabled = at >= entries.length - 1;
  const buttons = entries.map(({ shown, words }, i) => {
    const button = make("button", { type: "button", title: words, ariaLabel: `Back to ${words}` }, make("img", { src: paintedAt(shown), alt: "", onerror: ({ target }) => target.remove() }));
    if (i === at) button.ariaCurrent = "true";
    button.onclick = () => go(i);
    return make("li", {}, button);
  });
  $("history").replaceChildren(...buttons);
  const strip = $("history");
  const seen = buttons[at];
  strip.scrollLeft = seen.offsetLeft - strip.offsetLeft - strip.clientWidth / 2 + seen.clientWidth / 2;
}
