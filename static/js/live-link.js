// Connects a page to its browser's one stream of live updates (live-hub.js).

const SAY_MS = 5000;
const SILENT_MS = 12000;
const SILENCES_BEFORE_OWN = 3;

/** A page's connection to the stream; it can be opened and closed as often as needed. */
export class Link {
  /**
   * @param {{address: string, topic: string, after: number, hub: string, person: string}} options
   * @param {(message: {type: string}) => void} receive gets updates and the stream's state
   */
  constructor(options, receive) {
    Object.assign(this, options);
    this.receive = receive;
    this.silences = 0; // in a row: a worker does not answer while a laptop sleeps either
    this.hasNoWorker = !("SharedWorker" in window);
    this.timer = 0;
  }

  open() {
    if (this.timer) return;
    this.connect();
    this.timer = setInterval(() => this.say(), SAY_MS);
  }

  close() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = 0;
    this.port.postMessage("leave");
    this.port.close();
  }

  connect() {
    this.port = this.sharedPort() ?? this.ownPort();
    this.port.onmessage = ({ data }) => this.hear(data);
    this.heardAt = Date.now();
    this.say();
  }

  /** Say what this page shows. No answer: the worker went down with the page that ran it. */
  say() {
    if (Date.now() - this.heardAt > SILENT_MS) {
      this.silences += 1;
      this.port.postMessage("leave");
      this.connect();
      return;
    }
    const { topic, after, address } = this;
    this.port.postMessage({ topic, after, address });
  }

  hear(message) {
    this.heardAt = Date.now();
    this.silences = 0;
    if (message.type === "update") this.after = Math.max(this.after, message.id);
    this.receive(message);
  }

  /** One worker for each person who signs in, null where there are no shared workers. */
  sharedPort() {
    if (this.hasNoWorker || this.silences >= SILENCES_BEFORE_OWN) return null;
    try {
      const worker = new SharedWorker(this.hub, { name: `live ${this.person}` });
      worker.onerror = () => this.doWithoutWorker();
      return worker.port;
    } catch {
      return null; // a browser that is told to store nothing
    }
  }

  doWithoutWorker() {
    this.hasNoWorker = true;
    this.heardAt = 0;
    if (this.timer) this.say();
  }

  ownPort() {
    const { port1, port2 } = new MessageChannel();
    import(this.hub).then(
      () => self.addLivePage(port2),
      () => this.hear({ type: "failing" }),
    );
    return port1;
  }
}
