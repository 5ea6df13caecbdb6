// The server, as the page sees it: files go there, jobs are asked for, and it says what becomes of them.

export const state = {
  about: null, // what the server says of itself
  model: "",
  files: new Map(), // id to { id, role, name, blob, of, size, seconds, colors }: all that was sent
  photos: [], // ids of those that are to be painted; or of one film
  photo: "", // the one that is looked at
  styles: new Map(), // key to { title, artist, own }
  shares: new Map(), // key of each chosen style to its percentage; they add to 100
  options: {}, // by their names in StylizeOptions; mask and regions are ids of files
  format: "png",
  quality: 95,
};

/** What is to be painted, as it stands. photos: of them all, or of one. */
export function asked(photos = [state.photo]) {
  const options = structuredClone(state.options);
  if (!Object.keys(options.region).length) options.regions = null; // a map whose colours have no styles yet
  return {
    model: state.model,
    photos,
    styles: [...state.shares].map(([id, share]) => ({ id, share })),
    options,
    format: state.format,
    quality: state.quality,
  };
}

export const random = (bytes) =>
  [...crypto.getRandomValues(new Uint8Array(bytes))].map((n) => n.toString(16).padStart(2, "0")).join("");

const mine = `v/${random(16)}`; // nobody else knows this number

/** Where a file that was sent, or something painted, can be seen. */
export const sentAt = (id) => `${mine}/files/${id}`;
export const paintedAt = (id) => `${mine}/results/${id}`;

export class Refused extends Error {
  constructor(line, status) {
    super(line);
    this.status = status;
  }
}

async function fetched(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refused("The studio does not answer: is it still open?", 0);
  }
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Refused(said.error ?? `The studio says ${answer.status}.`, answer.status);
  }
  return answer;
}

/** Send a file, and remember what is said of it. of: the photo that a mask or map is for. */
export async function send(role, blob, { name = blob.name ?? role, id = random(8), of = "" } = {}) {
  const { megabytes } = state.about.limits;
  if (blob.size > megabytes * 1e6) {
    throw new Refused(`${name} has ${(blob.size / 1e6).toFixed(0)} MB: at most ${megabytes} are taken here.`, 413);
  }
  const query = new URLSearchParams({ role, name, photo: of });
  const path = `${sentAt(id)}?${query}`;
  const answer = await again(() => fetched(path, { method: "POST", body: blob }));
  const said = await answer.json();
  state.files.set(id, { id, role, blob, of, ...said });
  return state.files.get(id);
}

/** Ask for something with a JSON answer. */
export async function ask(path, body) {
  const headers = { "content-type": "application/json" };
  const options = { method: "POST", headers, body: JSON.stringify(body) };
  return (await again(() => fetched(`${mine}/${path}`, options))).json();
}

/** Do it; where the server no longer has our files (it was opened anew), send them, and do it again. */
async function again(act) {
  try {
    return await act();
  } catch (error) {
    if (error.status !== 410) throw error;
    const order = ["photo", "film", "style", "mask", "regions"];
    const files = [...state.files.values()].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
    for (const { id, role, name, of, blob } of files) {
      const query = new URLSearchParams({ role, name, photo: of });
      await fetched(`${sentAt(id)}?${query}`, { method: "POST", body: blob });
    }
    return act();
  }
}

/** One picture of the camera, painted: a JPEG for a JPEG. */
export async function paintFrame(blob, wish) {
  const query = new URLSearchParams({ asked: JSON.stringify(wish) });
  const answer = await again(() => fetched(`${mine}/frames?${query}`, { method: "POST", body: blob }));
  return answer.blob();
}

// --- Jobs, and what is told of them ---

const jobs = new Map(); // id to { told, done, failed }
const early = new Map(); // what was told of a job before its answer came

/** Have something painted. told: called with how it stands. Gives its result; null if it was stopped. */
export async function run(kind, wish, told = () => {}) {
  const first = await ask(`jobs/${kind}`, wish);
  return new Promise((done, failed) => {
    jobs.set(first.id, { told, done, failed });
    hear(early.get(first.id) ?? first);
    early.delete(first.id);
  });
}

export const stop = (id) => fetched(`${mine}/stop/${id}`, { method: "POST" });

function hear(job) {
  const waiting = jobs.get(job.id);
  if (!waiting) {
    early.set(job.id, job);
    if (early.size > 64) early.delete(early.keys().next().value);
    return;
  }
  waiting.told(job);
  if (job.state === "waiting" || job.state === "working") return;
  jobs.delete(job.id);
  if (job.state === "done") waiting.done(job.result);
  else if (job.state === "stopped") waiting.done(null);
  else waiting.failed(new Refused(job.error, 422));
}

/** Listen to the server for as long as the page is open. lost, found: called when it falls silent, and
 * when it is heard again. */
export function listen(lost, found) {
  let silent = false;
  const source = new EventSource(`${mine}/events`);
  source.onmessage = ({ data }) => {
    const said = JSON.parse(data);
    if (!said.jobs) return hear(said);
    for (const [id, { failed }] of jobs) {
      if (said.jobs.includes(id)) continue;
      jobs.delete(id);
      failed(new Refused("The studio was closed meanwhile: ask for it once more.", 0));
    }
    if (silent) found();
    silent = false;
  };
  source.onerror = () => {
    if (!silent) lost();
    silent = true;
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    setTimeout(() => listen(lost, () => found()), 1500);
  };
}

addEventListener("pagehide", () => navigator.sendBeacon(`${mine}/leave`));
