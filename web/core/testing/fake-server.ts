/**
 * A server in memory for tests: real documents, the real wire, and a network that moves only when it is told to. Nothing
 * sleeps: `settle()` delivers everything that is under way.
 */

import * as Y from "yjs";
import { decode, encode, type Message } from "../messages";
import type { Socket, SocketClass } from "../socket";

/** Bytes of an update that carries nothing. */
const EMPTY_UPDATE = 2;

export class FakeServer {
  readonly rooms = new Map<string, FakeRoom>();
  readonly sockets: FakeSocket[] = [];
  /** New sockets fail to open. */
  down = false;
  /** Messages are taken but not reported as saved. */
  holdSaved = false;
  generation = 0;
  role = "editor";
  /** Every update is refused so. */
  refusing: { readonly code: number; readonly reason: string } | null = null;

  /** The WebSocket class to hand to a client. */
  readonly WebSocket: SocketClass;

  constructor() {
    const server = this;
    this.WebSocket = class extends FakeSocket {
      constructor(url: string) {
        super(server, url);
        server.sockets.push(this);
      }
    };
  }

  room(path: string): FakeRoom {
    const room = this.rooms.get(path) ?? new FakeRoom(this);
    this.rooms.set(path, room);
    return room;
  }

  /** Lets every socket open, and delivers until nothing is left to deliver. */
  settle(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const socket of [...this.sockets]) busy = socket.step() || busy;
    }
  }

  /** All connections break. */
  cut(code = 1006): void {
    for (const socket of this.sockets.splice(0)) socket.end(code);
  }
}

export class FakeRoom {
  readonly doc = new Y.Doc();
  readonly members = new Set<FakeSocket>();
  readonly server: FakeServer;

  constructor(server: FakeServer) {
    this.server = server;
  }

  join(socket: FakeSocket): void {
    this.members.add(socket);
    this.greet(socket);
    socket.deliver({ type: "syncStep1", state: Y.encodeStateVector(this.doc) });
  }

  /** Says who the client is and what it may do, at first and after a change. */
  greet(socket: FakeSocket): void {
    const user = { id: "u", name: "U", color: "#000000", kind: "person" };
    const { generation, role } = this.server;
    const readOnly = role === "viewer" || role === "commenter";
    socket.deliver({ type: "hello", generation, schema: 1, user, role, readOnly, seq: 0 });
  }

  receive(socket: FakeSocket, message: Message): void {
    if (message.type === "syncStep1") {
      socket.deliver({ type: "syncStep2", update: Y.encodeStateAsUpdate(this.doc, message.state) });
    } else if (message.type === "update" || message.type === "syncStep2") {
      this.#take(socket, message.update);
    } else if (message.type === "awareness") {
      this.#relay(socket, message);
    }
  }

  #take(socket: FakeSocket, update: Uint8Array): void {
    const { refusing } = this.server;
    if (refusing !== null && update.length > EMPTY_UPDATE) {
      socket.refuse(refusing.code, refusing.reason);
      return;
    }
    Y.applyUpdate(this.doc, update);
    socket.taken++;
    if (!this.server.holdSaved) socket.deliver({ type: "saved", n: socket.taken, seq: socket.taken });
    this.#relay(socket, { type: "update", update });
  }

  #relay(from: FakeSocket, message: Message): void {
    for (const other of this.members) if (other !== from) other.deliver(message);
  }
}

export class FakeSocket implements Socket {
  binaryType = "blob";
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly url: URL;
  /** Every message that the client sent. */
  readonly sent: Message[] = [];
  taken = 0;
  readonly #server: FakeServer;
  readonly #toServer: Message[] = [];
  readonly #toClient: Uint8Array[] = [];
  #state: "opening" | "open" | "closed" = "opening";

  constructor(server: FakeServer, url: string) {
    this.#server = server;
    this.url = new URL(url);
  }

  get room(): FakeRoom {
    return this.#server.room(this.url.pathname);
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.#state !== "open") return;
    const message = decode(data);
    this.sent.push(message);
    this.#toServer.push(message);
  }

  close(): void {
    this.#state = "closed";
    this.room.members.delete(this);
    const at = this.#server.sockets.indexOf(this);
    if (at >= 0) this.#server.sockets.splice(at, 1);
  }

  deliver(message: Message): void {
    this.#toClient.push(encode(message));
  }

  /** Opens the socket or delivers what is under way; whether there was anything. */
  step(): boolean {
    if (this.#state === "opening") {
      this.#open();
      return true;
    }
    const upward = this.#toServer.splice(0);
    for (const message of upward) this.room.receive(this, message);
    const downward = this.#toClient.splice(0);
    for (const data of downward) if (this.#state === "open") this.onmessage?.({ data: data.buffer } as never);
    return upward.length + downward.length > 0;
  }

  /** Says why, and closes once that has arrived. */
  refuse(code: number, reason: string): void {
    this.deliver({ type: "refused", code: reason, message: `refused: ${reason}`, hint: "" });
    for (const data of this.#toClient.splice(0)) this.onmessage?.({ data: data.buffer } as never);
    this.end(code, reason);
  }

  end(code: number, reason = ""): void {
    this.close();
    this.onclose?.({ code, reason } as never);
  }

  #open(): void {
    if (this.#server.down) {
      this.end(1006);
      return;
    }
    this.#state = "open";
    this.onopen?.({} as never);
    this.room.join(this);
  }
}
