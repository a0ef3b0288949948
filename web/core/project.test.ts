import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { afterEach, expect, test } from "vitest";
import * as Y from "yjs";
import { SceneDocument } from "./document";
import { add } from "./nodes";
import { Project } from "./project";
import { setValue } from "./resources";
import { statusOf } from "./status";
import { FakeServer } from "./testing/fake-server";

const open: Project[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((project) => project.close()));
});

async function join(server: FakeServer, name = "Ada", indexedDB: IDBFactory | null = null): Promise<Project> {
  const user = { id: name.padEnd(16, "-"), name };
  const project = await Project.open({ id: "p", user, origin: "http://test", WebSocket: server.WebSocket, indexedDB });
  open.push(project);
  return project;
}

/** Resolves when the project says these words; the test's own time limit is the only clock. */
function says(project: Project, words: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (project.status !== words) return;
      stop();
      resolve();
    };
    const stop = project.subscribe(look);
    look();
  });
}

test("an edit reaches the other, and undo leaves the other's later value alone", async () => {
  const server = new FakeServer();
  const [ada, ben] = [await join(server), await join(server, "Ben")];
  server.settle();
  await ada.ready();
  const [chair, lamp] = ada.edit("Add", () => [add(ada.scene, { name: "Chair" }), add(ada.scene, { name: "Lamp" })]);
  ada.edit("Rename", () => {
    setValue(ada.scene, "nodes", chair as string, "name", "Stool");
    setValue(ada.scene, "nodes", lamp as string, "name", "Light");
  });
  server.settle();
  ben.edit("Rename", () => setValue(ben.scene, "nodes", chair as string, "name", "Bench"));
  server.settle();
  expect(ada.history.undoLabel).toBe("Rename");
  expect(ada.undo()).toMatchObject({ label: "Rename", kept: [["nodes", chair, "name"]] });
  server.settle();
  expect([chair, lamp].map((id) => ben.store.node(id as string)?.name)).toEqual(["Bench", "Lamp"]);
  expect(ada.scene.canonical()).toBe(ben.scene.canonical());
  expect(ada.status).toBe("saved");
});

test("a drag is one step of undo", async () => {
  const project = await join(new FakeServer());
  const node = project.edit("Add", () => add(project.scene));
  const drag = (x: number) => project.scene.set("nodes", node, "translation", [x, 0, 0]);
  for (const x of [1, 2, 3]) project.edit("Move", () => drag(x), { mergeKey: "drag 1" });
  project.edit("Move", () => drag(4), { mergeKey: "drag 2" });
  project.undo();
  expect(project.store.node(node)?.translation).toEqual([3, 0, 0]);
  project.undo();
  expect(project.store.node(node)?.translation).toEqual([0, 0, 0]);
});

test("the words follow what is true", async () => {
  const server = new FakeServer();
  const project = await join(server);
  expect(project.status).toBe("connecting");
  server.settle();
  expect(project.status).toBe("saved");
  server.holdSaved = true;
  project.edit("Add", () => add(project.scene));
  server.settle();
  expect([project.status, project.state.atRisk]).toEqual(["saving", true]);
  server.cut();
  expect(project.status).toBe("offline, not kept");
  server.holdSaved = false;
  project.retry();
  server.settle();
  expect([project.status, project.state.atRisk]).toEqual(["saved", false]);
  server.cut(4403);
  expect(project.status).toMatch(/^refused: /);
});

test("offline edits are kept here, survive a closed tab and merge on return", async () => {
  const server = new FakeServer();
  const indexedDB = new IDBFactory();
  const first = await join(server, "Ada", indexedDB);
  server.settle();
  await says(first, "saved");
  const chair = first.edit("Add", () => add(first.scene, { name: "Chair" }));
  server.settle();
  await says(first, "saved");
  server.cut();
  server.down = true;
  first.edit("Rename", () => setValue(first.scene, "nodes", chair, "name", "Stool"));
  await says(first, "offline, kept here");
  expect(first.state.atRisk).toBe(false);
  await first.close();
  open.splice(0);

  const again = await join(server, "Ada", indexedDB);
  await again.ready();
  expect(again.store.node(chair)?.name).toBe("Stool");
  server.down = false;
  const ben = await join(server, "Ben");
  server.settle();
  expect(ben.store.node(chair)?.name).toBe("Stool");
  expect(again.scene.canonical()).toBe(ben.scene.canonical());
});

test("a restored project refuses the old replica, and the next visit begins with the new one", async () => {
  const server = new FakeServer();
  const indexedDB = new IDBFactory();
  const first = await join(server, "Ada", indexedDB);
  server.settle();
  first.edit("Add", () => add(first.scene));
  server.settle();
  await says(first, "saved");
  await first.close();
  open.splice(0);
  server.generation = 1;
  server.rooms.clear();
  const old = await join(server, "Ada", indexedDB);
  server.settle();
  expect(old.state.refusal?.code).toBe("generation_changed");
  await old.close();
  open.splice(0);
  const fresh = await join(server, "Ada", indexedDB);
  server.settle();
  expect([fresh.status, fresh.store.nodeIds().length]).toEqual(["saved", 0]);
});

test("U5: undo takes back what the asker's job did, once, and nobody else's", async () => {
  const server = new FakeServer();
  const [ada, ben] = [await join(server), await join(server, "Ben")];
  server.settle();
  const job = ada.requestJob({ op: "import", params: {} });
  server.settle();
  const made = importAs(server, job);
  server.settle();
  expect(ada.store.node(made)?.name).toBe("imported");
  expect([ada.history.undoLabel, ben.history.canUndo]).toEqual(["Import", false]);
  ada.undo();
  server.settle();
  expect(ben.store.trash()).toEqual([made]);
  expect(ada.history.canUndo).toBe(false);
});

test("jobs that ended on an earlier visit are not on the stack", async () => {
  const server = new FakeServer();
  const first = await join(server);
  server.settle();
  const job = first.requestJob({ op: "import" });
  server.settle();
  importAs(server, job);
  server.settle();
  const second = await join(server);
  server.settle();
  expect(second.sessionStore.job(job)?.state).toBe("succeeded");
  expect(second.history.canUndo).toBe(false);
});

test("the worst of the two sockets decides the words", () => {
  const link = (state: "online" | "offline", hasUnsaved = false, kept = true) => ({
    connection: {
      state,
      hasUnsaved,
      unsavedCount: +hasUnsaved,
      refusal: null,
      notice: null,
      slow: false,
      retrying: false,
    },
    offline: { error: null },
    kept,
  });
  expect(statusOf([link("online"), link("offline")]).words).toBe("offline, kept here");
  expect(statusOf([link("online"), link("offline", true, false)]).words).toBe("saving");
  expect(statusOf([link("online", true), link("online")]).words).toBe("saving");
});

/** What a peer does: a node in the scene, then the job's state with the step that made it. */
function importAs(server: FakeServer, job: string): string {
  const peer = new SceneDocument();
  const node = add(peer, { name: "imported" });
  const scene = server.room("/sync/p/scene");
  const session = server.room("/sync/p/session");
  Y.applyUpdate(scene.doc, peer.update());
  for (const member of scene.members) member.deliver({ type: "update", update: peer.update() });
  const before = Y.encodeStateVector(session.doc);
  const record = session.doc.getMap<Y.Map<unknown>>("jobs").get(job);
  session.doc.transact(() => {
    record?.set("result", { step: [{ create: ["nodes", node] }] });
    record?.set("state", "succeeded");
  });
  const update = Y.encodeStateAsUpdate(session.doc, before);
  for (const member of session.members) member.deliver({ type: "update", update });
  return node;
}
