import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { applyAgain } from "./apply-again";
import { SceneDocument } from "./document";
import { asText, editsFrom, keepEdits, nodesOf, sizeOf } from "./kept-edits";
import { add, move } from "./nodes";
import type { Project } from "./project";
import { addMaterial, addMesh, setSlot, setValue } from "./resources";
import { Shelf } from "./shelf";
import { merge } from "./step-merger";
import { until, Visits } from "./testing/visits";

let visits: Visits;

beforeEach(() => {
  visits = new Visits();
});
afterEach(() => visits.close());

/** A chair that both sides know, then the server refuses everything for `reason`. */
async function refused(code: number, reason: string): Promise<{ project: Project; chair: string }> {
  const project = await visits.join();
  const chair = project.edit("Add", () => add(project.scene, { name: "Chair" }));
  visits.server.settle();
  await until(project, () => project.status === "saved");
  visits.server.refusing = { code, reason };
  project.edit("Rename", () => setValue(project.scene, "nodes", chair, "name", "Stool"));
  visits.server.settle();
  await until(project, () => project.replaceable);
  visits.server.refusing = null;
  return { project, chair };
}

test.each([
  [4409, "container_replaced"],
  [4409, "client_id_taken"],
  [4403, "read_only"],
])("a refusal ends the replica, its edits are kept, and a new replica joins: %i %s", async (code, reason) => {
  const { project, chair } = await refused(code, reason);
  expect(project.ending).toBe("replica");
  const [kept] = project.shelf.items;
  expect(kept).toMatchObject({ document: "scene", reason: { code: reason } });
  expect(kept && sizeOf(kept.edits)).toEqual({ changes: 1, things: 1 });
  const { clientID } = project.scene.doc;
  await visits.leave(project);

  const again = await visits.join();
  await until(again, () => again.status === "saved");
  expect(again.scene.doc.clientID).not.toBe(clientID);
  expect(again.store.node(chair)?.name).toBe("Chair");
  expect(again.shelf.items).toEqual(project.shelf.items);
  again.edit("Apply again", () => kept && applyAgain(again.scene, kept.edits));
  visits.server.settle();
  expect(again.store.node(chair)?.name).toBe("Stool");
  await again.shelf.remove(kept?.id ?? "");
  expect((await Shelf.open("p", visits.indexedDB)).items).toEqual([]);
});

test("offline edits of an earlier visit are kept when the project was made anew meanwhile", async () => {
  const first = await visits.join();
  const chair = first.edit("Add", () => add(first.scene, { name: "Chair" }));
  visits.server.settle();
  await until(first, () => first.status === "saved");
  visits.server.down = true;
  visits.server.cut();
  first.edit("Rename", () => setValue(first.scene, "nodes", chair, "name", "Stool"));
  const lamp = first.edit("Add", () => add(first.scene, { name: "Lamp" }));
  await until(first, () => first.status === "offline, kept here");
  await visits.leave(first);

  visits.server.down = false;
  visits.server.generation = 1;
  visits.server.rooms.clear();
  const second = await visits.join();
  await until(second, () => second.replaceable);
  const [kept] = second.shelf.items;
  expect(kept?.reason.code).toBe("generation_changed");
  expect(kept && nodesOf(kept.edits)).toEqual([lamp, chair]);
  await visits.leave(second);

  const third = await visits.join();
  await until(third, () => third.status === "saved");
  const done = third.edit("Apply again", () => kept && applyAgain(third.scene, kept.edits));
  expect(done).toEqual({ done: 1, theirs: [["nodes", chair, "name"]], unfit: [] });
  expect(third.store.node(lamp)?.name).toBe("Lamp");
});

test("what was saved is not kept, neither now nor in the next visit", async () => {
  const first = await visits.join();
  first.edit("Add", () => add(first.scene, { name: "Chair" }));
  visits.server.settle();
  await until(first, () => first.status === "saved");
  await visits.leave(first);
  visits.server.generation = 1;
  const second = await visits.join();
  await until(second, () => second.replaceable);
  expect(second.shelf.items).toEqual([]);
});

test("a role that changes while the project is open holds at once, and edits are refused where one may only look", async () => {
  const project = await visits.join();
  expect([project.role, project.readOnly]).toEqual(["editor", false]);
  visits.server.role = "viewer";
  for (const socket of visits.server.sockets) socket.room.greet(socket);
  visits.server.settle();
  expect([project.role, project.readOnly]).toEqual(["viewer", true]);
  expect(() => project.edit("Add", () => add(project.scene))).toThrow(/the role here is viewer/);
  visits.server.role = "editor";
  for (const socket of visits.server.sockets) socket.room.greet(socket);
  visits.server.settle();
  project.edit("Add", () => add(project.scene));
  visits.server.settle();
  expect([project.state.state, project.store.nodeIds().length]).toEqual(["online", 1]);
});

test("who was signed out comes back with the same replica and all that was not saved", async () => {
  const project = await visits.join();
  visits.server.holdSaved = true;
  const chair = project.edit("Add", () => add(project.scene, { name: "Chair" }));
  visits.server.cut(4401);
  expect([project.ending, project.replaceable]).toEqual(["signed out", false]);
  visits.server.holdSaved = false;
  project.rejoin();
  visits.server.settle();
  await until(project, () => project.status === "saved");
  expect([project.ending, visits.server.room("/sync/p/scene").doc.getMap("nodes").has(chair)]).toEqual([null, true]);
});

test("a notice says that nothing is saved, how much waits, and when it is over", async () => {
  const project = await visits.join();
  visits.server.holdSaved = true;
  const notice = { type: "notice", code: "not_saving", message: "the disk is full", hint: "" } as const;
  for (const socket of visits.server.sockets) socket.deliver(notice);
  project.edit("Add", () => add(project.scene));
  visits.server.settle();
  expect(project.state).toMatchObject({ words: "not saved yet", changes: 1, notSaving: { code: "not_saving" } });
  const [socket] = visits.server.sockets;
  socket?.deliver({ type: "saved", n: socket.taken, seq: 1 });
  for (const each of visits.server.sockets) each.deliver({ ...notice, code: "saving_again" });
  visits.server.settle();
  expect(project.state).toMatchObject({ words: "saved", changes: 0, notSaving: null });
});

test("something that waits for long is called slow until it is saved", async () => {
  const project = await visits.join();
  vi.useFakeTimers();
  try {
    visits.server.holdSaved = true;
    project.edit("Add", () => add(project.scene));
    visits.server.settle();
    expect(project.status).toBe("saving");
    vi.advanceTimersByTime(5000);
    expect(project.status).toBe("saving slowly");
    const socket = visits.server.sockets.find((each) => each.url.pathname.endsWith("/scene"));
    socket?.deliver({ type: "saved", n: socket.taken, seq: 1 });
    visits.server.settle();
    expect(project.status).toBe("saved");
  } finally {
    vi.useRealTimers();
  }
});

/** A scene with a chair; what is done to `other` is kept. */
function pair() {
  const mine = new SceneDocument();
  const chair = add(mine, { name: "Chair" });
  return { mine, other: mine.fork(), chair };
}

test("made records come again with their fields, containers and places", () => {
  const { mine, other, chair } = pair();
  const step = other.transact(() => {
    const group = add(other, { name: "Group" });
    const mesh = addMesh(other, { name: "Shape" });
    const red = addMaterial(other, { name: "Red" });
    setSlot(other, mesh, "A".repeat(16), red);
    add(other, { name: "Child", mesh }, { parent: group });
    move(other, chair, group);
  });
  const result = applyAgain(mine, keepEdits(other, step));
  expect(result).toEqual({ done: step.length, theirs: [], unfit: [] });
  expect(mine.tree().parent).toEqual(other.tree().parent);
  for (const root of ["meshes", "materials"] as const)
    expect(mine.ids(root).map((id) => mine.read(root, id))).toEqual(other.ids(root).map((id) => other.read(root, id)));
});

test("what others have changed since stays theirs; what stands already counts as done", () => {
  const { mine, other, chair } = pair();
  const step = merge(
    other.set("nodes", chair, "name", "Stool"),
    merge(other.set("nodes", chair, "visible", false), other.set("nodes", chair, "locked", true)),
  );
  mine.set("nodes", chair, "name", "Bench");
  mine.set("nodes", chair, "visible", false);
  expect(applyAgain(mine, keepEdits(other, step))).toEqual({ done: 2, theirs: [["nodes", chair, "name"]], unfit: [] });
  expect(mine.read("nodes", chair)).toMatchObject({ name: "Bench", visible: false, locked: true });
});

test("what the schema refuses is left out and told", () => {
  const { mine, other, chair } = pair();
  const step = other.transact(() => {
    other.record("nodes", chair)?.set("visible", "maybe");
    other.record("nodes", chair)?.set("name", "Stool");
    other.map("nodes").set("x", 3);
  });
  const again = applyAgain(mine, keepEdits(other, step));
  expect(again.unfit).toEqual([
    ["nodes", "x"],
    ["nodes", chair, "visible"],
  ]);
  expect(mine.read("nodes", chair)?.name).toBe("Stool");
});

test("a child whose parent is gone comes to the root", () => {
  const { mine, other } = pair();
  const group = add(other, { name: "Group" });
  const step = other.transact(() => add(other, { name: "Child" }, { parent: group }));
  const edits = keepEdits(other, step);
  applyAgain(mine, edits);
  const [child] = nodesOf(edits);
  expect(mine.tree().parent.get(child as string)).toBe("root");
});

test("kept edits survive a file", () => {
  const { other, chair } = pair();
  const edits = keepEdits(other, other.set("nodes", chair, "name", "Stool"));
  const file: unknown = JSON.parse(asText(edits, { project: "p" }));
  expect(file).toMatchObject({ format: "maquette-edits", version: 1, project: "p" });
  expect(editsFrom(file)).toEqual(edits);
});
