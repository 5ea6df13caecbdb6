// Parts that both pages have: cards of styles, percentages of a blend, files, before and after in a frame.

export const MOST_STYLES = 4; // in a blend

export const $ = (id) => document.getElementById(id);

/** An element with some of its properties; children after it. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A style as it would hang on a wall; its last child is the badge. */
export function styleCard(key, { title, artist }, source, choose) {
  const badge = make("span", { className: "share", hidden: true });
  const card = make(
    "button",
    { type: "button", className: "style", title: `${title}, ${artist}`, ariaPressed: "false" },
    make("img", { src: source, alt: "" }),
    make("em", { textContent: title }),
    make("small", { textContent: artist }),
    badge,
  );
  card.dataset.key = key;
  card.onclick = () => choose(key);
  return card;
}

/** Give a style a percentage; the others keep their proportions, and all add to 100. */
export function setShare(shares, key, share) {
  const others = [...shares.keys()].filter((other) => other !== key);
  const before = others.reduce((sum, other) => sum + shares.get(other), 0);
  let [rest, weight] = [100 - share, before];
  shares.set(key, share);
  others.forEach((other, i) => {
    const part = before ? shares.get(other) / weight : 1 / (others.length - i);
    weight -= shares.get(other);
    shares.set(other, Math.round(rest * part) || 0);
    rest -= shares.get(other);
  });
}

/** The button that has several styles blended, or one alone: the one with the largest percentage. */
export function listenToBlend(shares, choose, say) {
  $("blend").onclick = () => {
    const several = $("blend").ariaPressed !== "true";
    $("blend").ariaPressed = String(several);
    if (several) return say("Choose up to four styles.");
    choose([...shares()].sort(([, a], [, b]) => b - a)[0][0]);
  };
}

/** A slider for each style of a blend. change: told whose percentage is to be what. */
export function showSliders(shares, styles, change) {
  const shown = [...$("shares").querySelectorAll("input")].map(({ id }) => id.slice(6));
  if (shown.join() !== [...shares.keys()].join()) {
    $("shares").querySelectorAll(".control").forEach((control) => control.remove());
    for (const key of shares.keys()) $("shares").append(slider(key, styles.get(key).title, change));
  }
  for (const [key, share] of shares) {
    $(`share-${key}`).value = share;
    $(`share-${key}`).previousElementSibling.textContent = `${share} %`;
  }
  $("shares").hidden = shares.size < 2;
}

function slider(key, title, change) {
  const input = make("input", { type: "range", min: 0, max: 100, id: `share-${key}` });
  input.oninput = () => change(key, Number(input.value));
  const label = make("label", { htmlFor: input.id, textContent: title });
  return make("div", { className: "control" }, label, make("output"), input);
}

/** Listen for files that are chosen, dropped on the page or pasted.
 *  inputs: pairs of an input's id and what opens its files. take: opens the others, and is told where
 *  they were dropped. */
export function listenForFiles(inputs, take) {
  for (const [id, open] of inputs) {
    $(id).onchange = ({ target }) => {
      if (target.files.length) open([...target.files]);
      target.value = "";
    };
  }
  addEventListener("dragover", (event) => {
    event.preventDefault();
    $("frame").classList.add("over");
  });
  for (const name of ["dragleave", "drop"]) addEventListener(name, () => $("frame").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files, event.target);
  });
  addEventListener("paste", (event) => take(event.clipboardData.files));
}

/** Give the picture as much of its frame as its shape allows. */
export function fit(picture, frame) {
  const [width, height] = (picture.dataset.shape ?? "4 3").split(" ").map(Number);
  const scale = Math.min(frame.clientWidth / width, frame.clientHeight / height);
  Object.assign(picture.style, { width: `${width * scale}px`, height: `${height * scale}px` });
}

/** Show so much of the photo beside what is painted of it. cut: the slider that lies over both. */
export function showCut(cut, picture) {
  picture.style.setProperty("--cut", `${cut.value}%`);
  cut.ariaValueText = `${cut.value} % photo`;
}
