/**
 * One document's socket (crdt/PROTOCOL.md): y-protocols sync, counting what is saved, reconnecting with back-off, refusals.
 *
 * Nothing counts as saved before the server said so: a local change is *unsaved* until `saved n` covers the message that
 * carried it. After a lost connection the step 2 of the next one carries everything again.
 */

import type { CrdtDocument } from "./document";
import type { ErrorShape } from "./errors";
import { MaquetteError, ProtocolError } from "./errors";
import { CAPABILITIES, CLOSE, decode, encode, type Hello, type Message } from "./messages";
import type { Presence } from "./presence";
import { StepMerger } from "./step-merger";
import type { Step } from "./steps";

export type ConnectionState = "connecting" | "online" | "offline" | "refused";

/** What this file uses of the browser's WebSocket; `ws` of Node has it too. */
export interface Socket {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type SocketClass = new (url: string) => Socket;

export interface ConnectionOptions {
  /** `ws(s)://host/sync/{project}/{document}` */
  readonly url: string;
  readonly document: CrdtDocument;
  readonly user: { readonly id: string; readonly name: string; readonly kind?: string };
  readonly presence?: Presence;
  readonly WebSocket?: SocketClass;
  /** The generation that the local replica belongs to; null: none yet. */
  readonly generation?: number | null;
  /** 0…1; a test fixes it. */
  readonly random?: () => number;
}

const FIRST_DELAY = 300;
const LAST_DELAY = 15_000;
const PRESENCE_INTERVAL = 50;
const HEARTBEAT = 15_000;
/** Heartbeats without a word from the server until the socket counts as dead. */
const SILENT_BEATS = 3;

/** Codes after which coming back would only be refused again. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  CLOSE.malformed,
  CLOSE.notAuthorised,
  CLOSE.forbidden,
  CLOSE.noSuchProject,
  CLOSE.updateRefused,
  CLOSE.tooLarge,
  CLOSE.frameTooLarge,
]);

const TOO_LARGE: ErrorShape = {
  code: "message_too_large",
  message: "more was changed offline than the server takes in one message",
  hint: "MAQUETTE_MAX_MESSAGE sets the limit; this browser's copy is kept",
};

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #document: CrdtDocument;
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  readonly #unsaved = new StepMerger();
  #state: ConnectionState = "connecting";
  /** The replica's generation: as stated, else the first one that the server names. */
  #generation: number | null;
  #spoiled = false;
  #socket: Socket | null = null;
  #hello: Hello | null = null;
  #refusal: ErrorShape | null = null;
  #notice: ErrorShape | null = null;
  #synced = false;
  #everSynced = false;
  /** Our step 2 went out on this socket; before, updates wait for it. */
  #answered = false;
  #sent = 0;
  #saved = 0;
  /** The last message of this socket that carried something new. */
  #lastCarrying = 0;
  /** Changes that no message of this socket carries yet. */
  #dirty = false;
  #attempts = 0;
  #silentBeats = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #beatTimer: ReturnType<typeof setInterval> | undefined;
  #presenceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#document = options.document;
    this.#generation = options.generation ?? null;
    const onUpdate = (update: Uint8Array, origin: unknown) => this.#onUpdate(update, origin);
    this.#document.doc.on("update", onUpdate);
    this.#stops.push(
      () => this.#document.doc.off("update", onUpdate),
      this.#document.onStep((step) => this.#unsaved.add(step)),
      this.#listenToBrowser(),
    );
    const { presence } = options;
    if (presence) this.#stops.push(presence.awareness.onLocal(() => this.#schedulePresence()));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Everything the server had when this socket opened has arrived. */
  get synced(): boolean {
    return this.#synced;
  }

  /** `synced` was true once. */
  get everSynced(): boolean {
    return this.#everSynced;
  }

  /** Update messages of this socket that the server has not yet reported as committed. */
  get pending(): number {
    return Math.max(0, this.#sent - this.#saved);
  }

  /** Whether something done here is not known to be committed. */
  get hasUnsaved(): boolean {
    return this.#dirty || this.#saved < this.#lastCarrying;
  }

  /** What was done here and is not known to be committed, as values. After a refusal this is what would be lost. */
  get unsaved(): Step {
    return this.#unsaved.step();
  }

  get hello(): Hello | null {
    return this.#hello;
  }

  get refusal(): ErrorShape | null {
    return this.#refusal;
  }

  /** The server's latest word to everybody in the room, such as `not_saving`. */
  get notice(): ErrorShape | null {
    return this.#notice;
  }

  /** The server refused what this replica holds: a copy of it would be refused again. */
  get spoiled(): boolean {
    return this.#spoiled;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the socket; call once. */
  connect(): void {
    if (this.#socket !== null || this.#state === "refused") return;
    clearTimeout(this.#retryTimer);
    const SocketOfPlace = this.#options.WebSocket ?? (globalThis.WebSocket as unknown as SocketClass);
    const socket = new SocketOfPlace(this.#address());
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#onOpen(socket);
    socket.onmessage = (event: { data: unknown }) => this.#onData(socket, event.data);
    socket.onclose = (event: { code: number; reason: string }) => this.#onClose(socket, event.code, event.reason);
    // Every error is followed by a close, which says what there is to say.
    socket.onerror = () => {};
    this.#socket = socket;
  }

  /** Tries again at once instead of waiting for the back-off. */
  retry(): void {
    if (this.#socket !== null || this.#state === "refused") return;
    this.#attempts = 0;
    this.connect();
  }

  /** Closes for good. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#dropSocket(1000);
    clearTimeout(this.#retryTimer);
    this.#listeners.clear();
  }

  #address(): string {
    const { user } = this.#options;
    const words = {
      caps: CAPABILITIES.join(","),
      name: user.name.slice(0, 64),
      user: user.id,
      kind: user.kind ?? "person",
    };
    return `${this.#options.url}?${new URLSearchParams(words)}`;
  }

  #onOpen(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#send({ type: "syncStep1", state: this.#document.stateVector() });
    this.#beatTimer = setInterval(() => this.#beat(), HEARTBEAT);
  }

  #onData(socket: Socket, data: unknown): void {
    if (socket !== this.#socket) return;
    this.#silentBeats = 0;
    try {
      this.#onMessage(decode(toBytes(data)));
    } catch (error) {
      if (!(error instanceof MaquetteError)) throw error;
      // Bytes that nobody here can read: a fresh connection gets a fresh state.
      this.#dropSocket(CLOSE.malformed);
      this.#wait();
    }
  }

  #onMessage(message: Message): void {
    switch (message.type) {
      case "hello":
        this.#onHello(message);
        break;
      case "syncStep1":
        this.#answer(message.state);
        break;
      case "syncStep2":
        this.#document.apply(message.update, "remote");
        this.#onSynced();
        break;
      case "update":
        this.#document.apply(message.update, "remote");
        break;
      case "awareness":
        this.#options.presence?.awareness.apply(message.update);
        break;
      case "queryAwareness":
        this.#sendPresence();
        break;
      case "saved":
        this.#onSaved(message.n);
        break;
      case "notice":
        this.#notice = { code: message.code, message: message.message, hint: message.hint };
        this.#notify();
        break;
      case "refused":
        // The close that follows says whether it is final.
        this.#refusal = { code: message.code, message: message.message, hint: message.hint };
        break;
      case "permissionDenied":
        this.#refuse({ code: "permission_denied", message: message.reason, hint: "" });
    }
  }

  #onHello(hello: Hello): void {
    this.#hello = hello;
    this.#generation ??= hello.generation;
    if (hello.generation !== this.#generation) {
      this.#refuse({
        code: "generation_changed",
        message: "the project was restored on the server since this replica was made",
        hint: "reload the page; edits that were not saved are kept as values",
      });
      return;
    }
    this.#notify();
  }

  /** Answers the server's step 1 with all that it lacks; from here on each change is a message of its own. */
  #answer(state: Uint8Array): void {
    const update = this.#document.update(state);
    this.#answered = true;
    this.#sendUpdate({ type: "syncStep2", update }, this.#dirty);
    this.#dirty = false;
    this.#notify();
  }

  #onSynced(): void {
    if (this.#synced) return;
    this.#synced = true;
    this.#everSynced = true;
    this.#attempts = 0;
    this.#state = "online";
    this.#sendPresence();
    this.#notify();
  }

  #onSaved(n: number): void {
    this.#saved = Math.max(this.#saved, Math.min(n, this.#sent));
    if (!this.hasUnsaved) this.#unsaved.clear();
    this.#notify();
  }

  #onUpdate(update: Uint8Array, origin: unknown): void {
    if (origin === "remote") return;
    if (this.#answered && this.#state !== "refused") this.#sendUpdate({ type: "update", update }, true);
    else this.#dirty = true;
    this.#notify();
  }

  #sendUpdate(message: Message, carries: boolean): void {
    this.#sent++;
    if (carries) this.#lastCarrying = this.#sent;
    this.#send(message);
  }

  #send(message: Message): void {
    this.#socket?.send(encode(message));
  }

  #onClose(socket: Socket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    this.#leave();
    if (FINAL_CODES.has(code)) {
      // What is only too large is kept: the server's limit can be raised.
      this.#spoiled = code === CLOSE.updateRefused;
      const unexplained = { code: `closed_${code}`, message: reason || "the server closed the connection", hint: "" };
      this.#refuse(this.#refusal ?? (code === CLOSE.frameTooLarge ? TOO_LARGE : unexplained));
      return;
    }
    this.#refusal = null;
    this.#wait();
  }

  #refuse(refusal: ErrorShape): void {
    this.#refusal = refusal;
    this.#state = "refused";
    this.#dropSocket(1000);
    this.#notify();
  }

  /** Forgets the socket: what it carried and was not saved is to be carried again. */
  #leave(): void {
    this.#dirty = this.hasUnsaved;
    this.#socket = null;
    this.#synced = false;
    this.#answered = false;
    this.#sent = 0;
    this.#saved = 0;
    this.#lastCarrying = 0;
    this.#silentBeats = 0;
    clearInterval(this.#beatTimer);
    clearTimeout(this.#presenceTimer);
    this.#presenceTimer = undefined;
    this.#options.presence?.awareness.forgetOthers();
  }

  #dropSocket(code: number): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#leave();
    socket.close(code);
  }

  /** Offline until the next attempt, later each time, at a random moment so that clients do not come back all at once. */
  #wait(): void {
    this.#state = "offline";
    const { random = Math.random } = this.#options;
    const longest = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** this.#attempts);
    this.#attempts++;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.connect(), longest * (0.5 + random() / 2));
    this.#notify();
  }

  /** Renews the presence, and asks for a sign of life: a socket can be dead without a close. */
  #beat(): void {
    if (this.#silentBeats++ >= SILENT_BEATS) {
      this.#dropSocket(1000);
      this.#wait();
      return;
    }
    this.#options.presence?.setLocal({});
    this.#send({ type: "queryAwareness" });
  }

  #schedulePresence(): void {
    this.#presenceTimer ??= setTimeout(() => this.#sendPresence(), PRESENCE_INTERVAL);
  }

  #sendPresence(): void {
    clearTimeout(this.#presenceTimer);
    this.#presenceTimer = undefined;
    const { presence } = this.#options;
    if (presence && this.#synced) this.#send({ type: "awareness", update: presence.awareness.update() });
  }

  #listenToBrowser(): () => void {
    if (typeof globalThis.addEventListener !== "function") return () => {};
    const retry = () => this.retry();
    const lost = () => {
      if (this.#socket === null) return;
      this.#dropSocket(1000);
      this.#wait();
    };
    globalThis.addEventListener("online", retry);
    globalThis.addEventListener("offline", lost);
    return () => {
      globalThis.removeEventListener("online", retry);
      globalThis.removeEventListener("offline", lost);
    };
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function toBytes(data: unknown): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new ProtocolError("text_message", "a text frame", "binary frames only");
}
