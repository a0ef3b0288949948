/**
 * One document's socket (crdt/PROTOCOL.md): y-protocols sync, counting what is saved, reconnecting with back-off, refusals.
 */

import { BackOff } from "./back-off";
import { Delivery } from "./delivery";
import type { CrdtDocument } from "./document";
import { type Ending, endingOf, GENERATION_CHANGED, unexplained } from "./endings";
import type { ErrorShape } from "./errors";
import { MaquetteError } from "./errors";
import { Heartbeat } from "./heartbeat";
import { CAPABILITIES, CLOSE, decode, encode, type Hello, type Message, type Notice } from "./messages";
import { onNetwork } from "./network";
import type { Presence } from "./presence";
import { PresenceSender } from "./presence-sender";
import { Slowness } from "./slowness";
import { bytesOf, type Socket, type SocketClass } from "./socket";
import type { Step } from "./steps";
import { splitUpdate } from "./update-split";

export type ConnectionState = "connecting" | "online" | "offline" | "refused";

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

/** Bytes of an update above which it goes out in parts: each is a small bite for a busy room. */
const PART = 1024 * 1024;
/** The server said that too much came too fast, and not for how long to stay away. */
const TOO_FAST_DELAY = 5000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #document: CrdtDocument;
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  readonly #delivery = new Delivery();
  readonly #backOff: BackOff;
  readonly #slowness = new Slowness(() => this.#notify());
  readonly #presence: PresenceSender;
  readonly #heartbeat = new Heartbeat(
    () => this.#beat(),
    () => this.#loseNetwork(),
  );
  #name: string;
  #state: ConnectionState = "connecting";
  /** The replica's generation: as stated, else the first one that the server names. */
  #generation: number | null;
  #ending: Ending | null = null;
  #socket: Socket | null = null;
  #hello: Hello | null = null;
  #refusal: ErrorShape | null = null;
  /** Milliseconds that the server asked to stay away. */
  #stayAway: number | undefined;
  #notice: ErrorShape | null = null;
  #synced = false;
  #everSynced = false;
  /** Our step 2 went out on this socket; before, updates wait for it. */
  #answered = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#name = options.user.name;
    this.#document = options.document;
    this.#backOff = new BackOff(options.random);
    this.#presence = new PresenceSender(options.presence, (update) => this.#sendPresence(update));
    this.#generation = options.generation ?? null;
    const onUpdate = (update: Uint8Array, origin: unknown) => this.#onUpdate(update, origin);
    this.#document.doc.on("update", onUpdate);
    this.#stops.push(
      () => this.#document.doc.off("update", onUpdate),
      this.#document.onStep((step) => this.#delivery.add(step)),
      () => this.#presence.close(),
      onNetwork({ back: () => this.retry(), lost: () => this.#loseNetwork() }),
    );
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
    return this.#delivery.pending;
  }

  /** Whether something done here is not known to be committed. */
  get hasUnsaved(): boolean {
    return this.#delivery.hasUnsaved;
  }

  /** What was done here and is not known to be committed, as values. After a refusal this is what would be lost. */
  get unsaved(): Step {
    return this.#delivery.unsaved;
  }

  /** How many changes that are. */
  get unsavedCount(): number {
    return this.hasUnsaved ? Math.max(1, this.#delivery.count) : 0;
  }

  /** Something waits to be saved for long, although the server is there. */
  get slow(): boolean {
    return this.#slowness.slow;
  }

  /** A socket is being opened after another was lost. */
  get retrying(): boolean {
    return this.#state === "offline" && this.#socket !== null;
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

  /** Why the connection is refused; null while it is not. */
  get ending(): Ending | null {
    return this.#ending;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What an earlier visit did and did not see saved; this replica holds it already. Before `connect`. */
  resume(step: Step): void {
    if (step.length === 0) return;
    this.#delivery.add(step);
    this.#delivery.wait();
  }

  /** Opens the socket; call once. */
  connect(): void {
    if (this.#socket !== null || this.#state === "refused") return;
    this.#backOff.cancel();
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
    this.#backOff.reset();
    this.connect();
  }

  /** Another name: the server knows it by the address of the socket, so that a new one opens. */
  rename(name: string): void {
    if (name === this.#name) return;
    this.#name = name;
    if (this.#socket === null) return;
    this.#dropSocket(1000);
    this.#state = "connecting";
    this.connect();
    this.#notify();
  }

  /** Comes back with the same replica after a refusal that was not about it, such as after signing in again. */
  revive(): void {
    if (this.#state !== "refused" || this.#ending === "replica") return;
    this.#state = "offline";
    this.#ending = null;
    this.#refusal = null;
    this.retry();
    this.#notify();
  }

  /** Closes for good. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#dropSocket(1000);
    this.#backOff.cancel();
    this.#listeners.clear();
  }

  #address(): string {
    const { user } = this.#options;
    const words = {
      caps: CAPABILITIES.join(","),
      name: this.#name.slice(0, 64),
      user: user.id,
      kind: user.kind ?? "person",
    };
    return `${this.#options.url}?${new URLSearchParams(words)}`;
  }

  #onOpen(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#send({ type: "syncStep1", state: this.#document.stateVector() });
    this.#heartbeat.start();
  }

  #onData(socket: Socket, data: unknown): void {
    if (socket !== this.#socket) return;
    this.#heartbeat.heard();
    try {
      this.#onMessage(decode(bytesOf(data)));
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
        this.#presence.receive(message.update);
        break;
      case "queryAwareness":
        if (this.#synced) this.#presence.now();
        break;
      case "saved":
        this.#onSaved(message.n);
        break;
      case "notice":
        this.#onNotice(message);
        break;
      case "refused":
        // The close that follows says whether it is final.
        this.#refusal = { code: message.code, message: message.message, hint: message.hint };
        this.#stayAway = message.retryAfter === undefined ? undefined : message.retryAfter * 1000;
        break;
      case "permissionDenied":
        // The close that follows says which: to sign in, or to go.
        this.#refusal ??= { code: "permission_denied", message: message.reason, hint: "" };
    }
  }

  #onHello(hello: Hello): void {
    this.#hello = hello;
    this.#generation ??= hello.generation;
    if (hello.generation === this.#generation) this.#notify();
    else this.#refuse(GENERATION_CHANGED, "replica");
  }

  #onNotice({ code, message, hint }: Notice): void {
    this.#notice = code === "saving_again" ? null : { code, message, hint };
    this.#notify();
  }

  /** Answers the server's step 1 with all that it lacks; from here on each change is a message of its own. */
  #answer(state: Uint8Array): void {
    const parts = splitUpdate(this.#document.update(state), PART);
    const update = parts.pop() as Uint8Array;
    for (const part of parts) this.#sendUpdate(part, false);
    this.#answered = true;
    this.#delivery.answer();
    this.#send({ type: "syncStep2", update });
    if (this.hasUnsaved) this.#slowness.begin();
    this.#notify();
  }

  #onSynced(): void {
    if (this.#synced) return;
    this.#synced = true;
    this.#everSynced = true;
    this.#backOff.reset();
    this.#state = "online";
    this.#presence.now();
    this.#notify();
  }

  #onSaved(n: number): void {
    this.#delivery.save(n);
    if (!this.hasUnsaved) this.#slowness.end();
    this.#notify();
  }

  #onUpdate(update: Uint8Array, origin: unknown): void {
    if (origin === "remote") return;
    if (this.#answered && this.#state !== "refused") {
      for (const part of splitUpdate(update, PART)) this.#sendUpdate(part, true);
      this.#slowness.begin();
    } else this.#delivery.wait();
    this.#notify();
  }

  #sendUpdate(update: Uint8Array, carries: boolean): void {
    this.#delivery.send(carries);
    this.#send({ type: "update", update });
  }

  #send(message: Message): void {
    this.#socket?.send(encode(message));
  }

  #onClose(socket: Socket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    this.#leave();
    const ending = endingOf(code, this.#refusal);
    if (ending !== "again") {
      this.#refuse(this.#refusal ?? unexplained(code, reason), ending);
      return;
    }
    this.#refusal = null;
    this.#wait(this.#stayAway ?? (code === CLOSE.tooFast ? TOO_FAST_DELAY : 0));
    this.#stayAway = undefined;
  }

  #refuse(refusal: ErrorShape, ending: Ending): void {
    this.#refusal = refusal;
    this.#ending = ending;
    this.#state = "refused";
    this.#dropSocket(1000);
    this.#notify();
  }

  /** Forgets the socket. */
  #leave(): void {
    this.#delivery.lose();
    this.#slowness.end();
    this.#socket = null;
    this.#synced = false;
    this.#answered = false;
    this.#notice = null;
    this.#heartbeat.stop();
    this.#presence.lose();
  }

  #dropSocket(code: number): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#leave();
    socket.close(code);
  }

  /** Offline until the next attempt. */
  #wait(atLeast = 0): void {
    this.#state = "offline";
    this.#backOff.wait(() => this.connect(), atLeast);
    this.#notify();
  }

  /** Renews the presence, and asks for a sign of life. */
  #beat(): void {
    this.#presence.renew();
    this.#send({ type: "queryAwareness" });
  }

  #sendPresence(update: Uint8Array): void {
    if (this.#synced) this.#send({ type: "awareness", update });
  }

  /** The browser knows that the network is gone, or the server was silent for long. */
  #loseNetwork(): void {
    if (this.#socket === null) return;
    this.#dropSocket(1000);
    this.#wait();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
