// What can be taken away: files, the styles as a code, the command.

import { $, make } from "./parts.js";
import { ask, asked, paintedAt, sentAt, state } from "./server.js";

/** Have the browser keep something painted. */
export function save({ file, name }) {
  const link = make("a", { href: `${paintedAt(file)}?save=true`, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** Links to the files that a command names; maps: what it calls mask and map, which are made here. */
function files(maps) {
  const { mask, regions, region } = asked().options;
  const styles = [...state.shares.keys(), ...Object.values(region)];
  const own = [...new Set([state.photo, ...styles])].map((id) => state.files.get(id)).filter(Boolean);
  return [
    ...own.map(({ name, blob }) => make("a", { href: URL.createObjectURL(blob), download: name, textContent: name })),
    ...[mask, regions].filter(Boolean).map((id, i) => make("a", { href: sentAt(id), download: maps[i], textContent: maps[i] })),
  ];
}

/** Show what gives the same picture elsewhere, and copy it. say: as for all. */
export async function copy(kind, say) {
  try {
    const found = await ask("copied", asked());
    $("copied-title").textContent = kind === "command" ? "The command" : "In Python";
    $("copied-text").value = found[kind];
    $("copied-files").replaceChildren(...files(found.files).flatMap((link, i) => (i ? [", ", link] : [link])));
    $("copied").showModal();
    $("copied-text").select();
    await navigator.clipboard?.writeText(found[kind]).then(
      () => say("Copied."),
      () => say("Copy the text: the page may not do so itself."),
    );
  } catch (error) {
    say(error.message, true);
  }
}

/** The chosen styles as a file of a few KB. */
export async function saveCode(say) {
  try {
    const found = await ask("codes", asked([]));
    save(found);
    say(`Saved as ${found.name}: it goes wherever a style goes.`);
  } catch (error) {
    say(error.message, true);
  }
}
