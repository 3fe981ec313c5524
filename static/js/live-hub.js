// The one stream of live updates of this browser, shared by all its pages.
//
// A browser opens six connections to a server (HTTP/1.1), so a stream for each page would leave
// none for the seventh. This runs as a shared worker. Where there are none (Chrome on Android,
// which shows one page at a time) it runs inside the page: see live-link.js.

const FAILURES_BEFORE_POLLING = 4;
const RETRY_MS = 2000;
const REFUSED_RETRY_MS = 30000;
const GATHER_MS = 50; // several pages that open at once need one stream, not one after the other
const FORGET_MS = 20000; // a page says every five seconds that it is still there
const QUIET_MS = 40000; // the server says something every 15 seconds (live/streaming.py)
const MOST_TOPICS = 40; // as in dashboard/live/stream.py

/** Visible pages: port → { topic, after: the last event it knows, address, seenAt }. */
const pages = new Map();
/** What the open stream is about: topic → the last event that was passed on. */
let passedOn = new Map();
let source = null;
let state = "opening"; // or open, failing (the network), refused (by the server)
let failures = 0;
let timer = 0;
let heardAt = 0;

/** Take a page in: it sends what it shows, again and again, and "leave" before it is hidden. */
function addPage(port) {
  port.onmessage = ({ data }) => {
    if (data === "leave") leave(port);
    else join(port, data);
  };
}

function leave(port) {
  pages.delete(port);
  if (pages.size > 0) return;
  close();
  state = "opening";
  failures = 0;
}

function join(port, { topic, after, address }) {
  const known = pages.get(port);
  // What was passed on since is known here first.
  pages.set(port, { topic, address, after: Math.max(after, known?.after ?? 0), seenAt: Date.now() });
  port.postMessage({ type: state });
  const isBehind = !(passedOn.get(topic) <= after);
  if (!known && (!source || isBehind)) openIn(GATHER_MS);
}

function openIn(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(open, milliseconds);
}

function open() {
  close();
  if (pages.size === 0) return;
  if (!("EventSource" in self)) return setState("failing");
  passedOn = wanted();
  const [{ address }] = pages.values();
  const query = new URLSearchParams();
  for (const [topic, after] of passedOn) {
    query.append("model", topic);
    query.append("after", after);
  }
  source = new EventSource(`${address}?${query}`);
  heardAt = Date.now();
  source.addEventListener("open", () => {
    failures = 0;
    setState("open");
  });
  source.addEventListener("update", (event) => passOn(JSON.parse(event.data), Number(event.lastEventId)));
  source.addEventListener("resync", () => tell({ type: "resync" }));
  source.addEventListener("error", lost);
  for (const type of ["open", "update", "resync", "alive"]) {
    source.addEventListener(type, () => (heardAt = Date.now()));
  }
}

/** The topics of all pages, each with the oldest event that one of its pages waits for. */
function wanted() {
  const topics = new Map();
  for (const { topic, after } of pages.values()) {
    topics.set(topic, Math.min(after, topics.get(topic) ?? after));
  }
  return new Map([...topics].slice(-MOST_TOPICS));
}

function passOn(update, id) {
  passedOn.set(update.topic, Math.max(id, passedOn.get(update.topic) ?? 0));
  for (const [port, page] of pages) {
    if (page.topic !== update.topic) continue;
    page.after = Math.max(page.after, id);
    port.postMessage({ type: "update", update, id });
  }
}

/** Open another stream: a browser would reconnect by itself, but not with each topic's event. */
function lost() {
  const isRefused = source.readyState === EventSource.CLOSED;
  close();
  failures += 1;
  if (isRefused) setState("refused");
  else if (failures >= FAILURES_BEFORE_POLLING) setState("failing");
  openIn(isRefused ? REFUSED_RETRY_MS : RETRY_MS * (1 + Math.random() / 2));
}

function close() {
  clearTimeout(timer);
  source?.close();
  source = null;
  passedOn = new Map();
}

function setState(now) {
  state = now;
  tell({ type: state });
}

function tell(message) {
  for (const port of pages.keys()) port.postMessage(message);
}

/** Forget pages that crashed: they could not say that they leave. */
function forgetSilent() {
  const oldest = Date.now() - FORGET_MS;
  for (const [port, { seenAt }] of pages) if (seenAt < oldest) leave(port);
}

/** A connection that is gone says nothing: a laptop slept, a phone changed its network. */
function leaveQuiet() {
  if (source && Date.now() - heardAt > QUIET_MS) lost();
}

setInterval(() => {
  forgetSilent();
  leaveQuiet();
}, FORGET_MS / 4);
if ("onconnect" in self) self.onconnect = (event) => addPage(event.ports[0]);
else self.addLivePage = addPage;
