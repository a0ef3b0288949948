import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection } from "./connection";
import { SceneDocument } from "./document";
import { add } from "./nodes";
import { Presence } from "./presence";
import { FakeServer } from "./testing/fake-server";

const open: Connection[] = [];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
  vi.useRealTimers();
});

function join(server: FakeServer, name = "ada", scene = new SceneDocument(), generation: number | null = null) {
  const user = { id: name, name, color: "#000000", kind: "person" } as const;
  const presence = new Presence(scene.doc.clientID, user);
  const options = { url: "ws://test/sync/p/scene", document: scene, user, presence, generation, random: () => 1 };
  const connection = new Connection({ ...options, WebSocket: server.WebSocket });
  open.push(connection);
  connection.connect();
  return { scene, connection, presence };
}

test("two clients end equal, and what was done before connecting comes along", () => {
  const server = new FakeServer();
  const ada = join(server);
  const chair = add(ada.scene, { name: "Chair" });
  server.settle();
  const ben = join(server, "ben");
  server.settle();
  ben.scene.set("nodes", chair, "name", "Stool");
  server.settle();
  expect(ada.scene.read("nodes", chair)?.name).toBe("Stool");
  expect(ada.scene.canonical()).toBe(ben.scene.canonical());
  expect(ada.connection.state).toBe("online");
});

test("the address asks for our messages and says who comes", () => {
  const server = new FakeServer();
  join(server, "Ada & Ben");
  const words = server.sockets[0]?.url.searchParams;
  expect(words?.get("caps")).toBe("saved,refusal,hello,notice");
  expect(words?.get("name")).toBe("Ada & Ben");
});

test("a change counts as unsaved until the server has committed the message that carries it", () => {
  const server = new FakeServer();
  const { scene, connection } = join(server);
  server.settle();
  expect(connection.hasUnsaved).toBe(false);
  server.holdSaved = true;
  const id = add(scene);
  scene.set("nodes", id, "name", "Chair");
  server.settle();
  expect([connection.hasUnsaved, connection.pending]).toEqual([true, 2]);
  const [socket] = server.sockets;
  socket?.deliver({ type: "saved", n: socket.taken - 1, seq: 1 });
  server.settle();
  expect([connection.hasUnsaved, connection.pending]).toEqual([true, 1]);
  socket?.deliver({ type: "saved", n: socket.taken, seq: 2 });
  server.settle();
  expect([connection.hasUnsaved, connection.pending, connection.unsaved]).toEqual([false, 0, []]);
});

test("what was sent but not saved is sent again after a lost connection", () => {
  const server = new FakeServer();
  const { scene, connection } = join(server);
  server.settle();
  const id = add(scene, { name: "Chair" });
  server.cut();
  expect([connection.state, connection.hasUnsaved]).toEqual(["offline", true]);
  scene.set("nodes", id, "name", "Stool");
  vi.advanceTimersByTime(300);
  server.settle();
  expect([connection.state, connection.hasUnsaved]).toEqual(["online", false]);
  expect(server.room("/sync/p/scene").doc.getMap("nodes").has(id)).toBe(true);
});

test("attempts come later each time, and at once when the network is back", () => {
  const server = new FakeServer();
  const { connection } = join(server);
  server.down = true;
  server.settle();
  const delays: number[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    const before = Date.now();
    vi.advanceTimersToNextTimer();
    delays.push(Date.now() - before);
    server.settle();
  }
  expect(delays).toEqual([300, 600, 1200, 2400, 4800, 9600, 15000, 15000]);
  server.down = false;
  connection.retry();
  server.settle();
  expect(connection.state).toBe("online");
});

test("a refusal is final, has the server's words and keeps the edits as values", () => {
  const server = new FakeServer();
  const { scene, connection } = join(server);
  const id = add(scene, { name: "Chair" });
  server.settle();
  server.holdSaved = true;
  scene.set("nodes", id, "name", "Stool");
  const [socket] = server.sockets;
  socket?.deliver({ type: "refused", code: "unknown_root", message: "the root elsewhere", hint: "" });
  server.settle();
  socket?.end(4409);
  expect(connection.refusal).toMatchObject({ code: "unknown_root" });
  expect([connection.state, connection.ending]).toEqual(["refused", "replica"]);
  expect(connection.unsaved).toEqual([{ path: ["nodes", id, "name"], before: "Chair", after: "Stool" }]);
  connection.retry();
  vi.advanceTimersByTime(60_000);
  expect(server.sockets).toEqual([]);
});

test.each([1009, 4413])("what is too large for the server is final, but the copy is kept: %i", (code) => {
  const server = new FakeServer();
  const { connection } = join(server);
  server.settle();
  server.sockets[0]?.end(code);
  expect([connection.state, connection.ending]).toEqual(["refused", "final"]);
  expect(connection.refusal?.code).toBe(code === 1009 ? "message_too_large" : "closed_4413");
});

test("a new name opens a socket under it, which carries what was not saved", () => {
  const server = new FakeServer();
  const { scene, connection } = join(server);
  server.settle();
  server.holdSaved = true;
  const id = add(scene, { name: "Chair" });
  connection.rename("Countess");
  server.holdSaved = false;
  server.settle();
  expect(server.sockets.map((socket) => socket.url.searchParams.get("name"))).toEqual(["Countess"]);
  expect(server.room("/sync/p/scene").doc.getMap("nodes").has(id)).toBe(true);
  expect([connection.state, connection.hasUnsaved]).toEqual(["online", false]);
});

test("a client comes back when the server said, not earlier", () => {
  const server = new FakeServer();
  const { connection } = join(server);
  server.settle();
  const told = {
    type: "refused",
    code: "too_many_connections",
    message: "9 are open",
    hint: "",
    retryAfter: 40,
  } as const;
  server.sockets[0]?.deliver(told);
  server.settle();
  server.sockets[0]?.end(4429);
  server.sockets.length = 0;
  vi.advanceTimersByTime(39_000);
  expect([connection.state, server.sockets.length]).toEqual(["offline", 0]);
  vi.advanceTimersByTime(1_500);
  server.settle();
  expect(connection.state).toBe("online");
});

test("a client that was too slow comes back", () => {
  const server = new FakeServer();
  const { connection } = join(server);
  server.settle();
  server.cut(4408);
  vi.advanceTimersByTime(300);
  server.settle();
  expect(connection.state).toBe("online");
});

test("a replica of another generation does not merge", () => {
  const server = new FakeServer();
  server.generation = 2;
  const scene = new SceneDocument();
  add(scene);
  const { connection } = join(server, "ada", scene, 1);
  server.settle();
  expect([connection.state, connection.refusal?.code]).toEqual(["refused", "generation_changed"]);
  expect(server.room("/sync/p/scene").doc.getMap("nodes").size).toBe(0);
});

test("a socket that says nothing for long is given up", () => {
  const server = new FakeServer();
  const { connection } = join(server);
  server.settle();
  vi.advanceTimersByTime(60_000);
  expect(connection.state).not.toBe("online");
});

test("presence reaches others in one message for a burst, and goes with the connection", () => {
  const server = new FakeServer();
  const [ada, ben] = [join(server), join(server, "ben")];
  server.settle();
  vi.advanceTimersByTime(50);
  const socket = server.sockets[0];
  const before = socket?.sent.length ?? 0;
  for (let i = 1; i <= 100; i++) ada.presence.setLocal({ pointer: [i, 0, 0] });
  vi.advanceTimersByTime(50);
  server.settle();
  expect((socket?.sent.length ?? 0) - before).toBe(1);
  expect(ben.presence.people()).toMatchObject([{ user: { name: "ada" }, pointer: [100, 0, 0] }]);
  server.cut();
  expect(ben.presence.people()).toEqual([]);
});

test("a selection too long for presence is cut, not refused", () => {
  const presence = new Presence(1, { id: "a", name: "Ada", color: "#000000", kind: "person" });
  presence.setLocal({ selection: Array.from({ length: 2000 }, (_, i) => `node-${i}----------`) });
  expect((presence.awareness.local as unknown as { selection: string[] }).selection.length).toBeGreaterThan(50);
  expect(presence.local.selection.length).toBe(2000);
});
