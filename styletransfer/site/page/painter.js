// What paints, as the page sees it: a worker that is asked, and all that it is given at the start.

const MOST_THREADS = 4; // more are hardly faster

// The worker: one question at a time has one answer.
const worker = new Worker("worker.js", { type: "module" });
const waiting = new Map();
let asked = 0;
worker.onmessage = ({ data: { id, value, error } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  error === undefined ? resolve(value) : reject(new Error(error));
};
export async function ask(task, given, transfer = []) {
  if (task !== "load") await ready;
  worker.postMessage({ id: ++asked, task, given }, transfer);
  return new Promise((resolve, reject) => waiting.set(asked, { resolve, reject }));
}
/** What to do where there are no such workers. */
export function onBroken(tell) {
  worker.onerror = ({ message }) => tell(`This browser cannot run the page: ${message}`);
}

// All that is ever asked for, once.

async function fetched(path, integrity) {
  const answer = await fetch(path, integrity ? { integrity } : {}).catch(({ message }) => {
    throw new Error(`${path}: ${message}`); // not there, or not what it must be
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.arrayBuffer();
}

/** Whether graphics hardware can be used, in the way that the smaller of the runtimes for it does. */
async function hasGpu() {
  if (new URLSearchParams(location.search).has("wasm")) return false;
  if (!navigator.gpu || !WebAssembly.Suspending) return false;
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return Boolean(adapter) && !adapter.info?.isFallbackAdapter;
}

/** Make all ready; gives the photo to begin with. */
async function load(about) {
  const names = Object.keys(about.graphs);
  const [rows, weights, example, ...graphs] = await Promise.all([
    fetched("styles/rows.bin"),
    fetched(`model/${about.weights}`),
    fetched("photo.jpg"),
    ...names.map((name) => fetched(`model/${about.graphs[name]}`)),
  ]);
  const files = { weights, graphs: Object.fromEntries(names.map((name, i) => [name, graphs[i]])) };
  if (!(await hasGpu()) || !(await start("webgpu", about, files, rows).catch(() => false))) {
    await start("wasm", about, files, rows);
  }
  return new File([example], "photo.jpg", { type: "image/jpeg" });
}

/** Have the worker run the graphs, by graphics hardware or not; true when it does. */
async function start(provider, about, files, rows) {
  const { module, binary } = about.runtime[provider];
  const threads = crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1;
  const runtime = await Promise.all([module, binary].map(({ path, integrity }) => fetched(path, integrity)));
  const given = { module: runtime[0], binary: runtime[1], ...files };
  await ask("load", { about, files: given, rows, provider, threads });
  const where = provider === "webgpu" ? "WebGPU" : `wasm, ${threads} thread${threads > 1 ? "s" : ""}`;
  document.documentElement.dataset.runtime = where;
  return true;
}

/** What the site says of itself. */
export const site = fetch("site.json").then((answer) => answer.json());
/** The photo to begin with, once a picture can be painted. */
export const ready = site.then(load);
