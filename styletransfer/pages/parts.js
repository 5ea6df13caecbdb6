// Parts that both pages have: cards of styles, percentages of a blend, before and after in a frame.

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

/** A slider for a style's percentage. */
export function shareControl(key, title, share, change) {
  const input = make("input", { type: "range", min: 0, max: 100, id: `share-${key}`, value: share });
  input.oninput = () => change(Number(input.value));
  const label = make("label", { htmlFor: input.id, textContent: title });
  return make("div", { className: "control" }, label, make("output", { textContent: `${share} %` }), input);
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
