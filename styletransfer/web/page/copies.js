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

/** Show what gives the same picture elsewhere, and copy it. say: as for all. */
export async function copy(kind, say) {
  try {
    const found = await ask("copied", asked());
    $("copied-title").textContent = kind === "command" ? "The command" : "In Python";
    $("copied-text").value = found[kind];
    const own = asked().styles.map(({ id }) => state.files.get(id)?.name).filter(Boolean);
    $("copied-files").textContent = [state.files.get(state.photo).name, ...own, ...found.files].join(", ");
    $("save-mask").hidden = !state.options.mask;
    $("save-mask").onclick = () => {
      const link = make("a", { href: sentAt(state.options.mask), download: found.files[0] });
      link.click();
    };
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
