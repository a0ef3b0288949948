import { expect, test } from "vitest";
import { SceneDocument, SessionDocument } from "./document";
import { putResult } from "./lod";
import { add, move, trash } from "./nodes";
import { addMaterial, addMesh, setTrashed } from "./resources";
import { addRevision, setHead } from "./revisions";
import type { LodResult, Revision } from "./schema";
import { SessionStore } from "./session-store";
import { SceneStore } from "./store";
import { ROOT } from "./tree";

const SHA = "0".repeat(64);
const LEVEL: LodResult = { geometry: SHA, triangles: 1, vertices: 3, error: 0, state: "", bytes: 9 };

function revisionOf(mesh: string): Revision {
  const [zero, one] = [[0, 0, 0] as const, [1, 1, 1] as const];
  const counts = { positions: 3, vertices: 3, triangles: 1, bytes: 9 };
  const made = { parent: null, op: "import", absorbed: null, slots: [], by: "", at: 0 };
  return { mesh, geometry: SHA, grid: -20, origin: zero, topology: mesh, min: zero, max: one, ...counts, ...made };
}

function listen(store: SceneStore | SessionStore): string[][] {
  const heard: string[][] = [];
  store.subscribeAll((changed) => heard.push([...changed].sort()));
  return heard;
}

test("one edit among ten thousand nodes is told to its own key, once", () => {
  const scene = new SceneDocument();
  const ids: string[] = [];
  scene.transact(() => {
    const groups = Array.from({ length: 100 }, (_, i) => add(scene, { name: `group ${i}` }));
    for (let i = 0; i < 9900; i++) ids.push(add(scene, { name: `${i}` }, { parent: groups[i % 100] as string }));
  });
  const store = new SceneStore(scene);
  const before = ids.map((id) => store.node(id));
  const heard = listen(store);
  scene.set("nodes", ids[77] as string, "name", "new");
  expect(heard).toEqual([[`nodes/${ids[77]}`]]);
  const changed = ids.filter((id, i) => store.node(id) !== before[i]);
  expect(changed).toEqual([ids[77]]);
  expect(store.nodeIds().length).toBe(10_000);
});

test("a move is told to the node and both parents, and leaves everybody else the same object", () => {
  const scene = new SceneDocument();
  const [a, b, c] = [add(scene), add(scene), add(scene)];
  const child = add(scene, {}, { parent: a });
  const store = new SceneStore(scene);
  const [wasB, wasC, roots] = [store.node(b), store.node(c), store.roots()];
  const heard = listen(store);
  move(scene, child, b);
  expect(heard).toEqual([[`nodes/${a}`, `nodes/${b}`, `nodes/${child}`].sort()]);
  expect(store.node(b)?.children).toEqual([child]);
  expect(store.node(b)).not.toBe(wasB);
  expect(store.node(c)).toBe(wasC);
  expect(store.roots()).toBe(roots);
});

test("one transaction is one call, whatever it holds", () => {
  const scene = new SceneDocument();
  const a = add(scene);
  const store = new SceneStore(scene);
  const heard = listen(store);
  scene.transact(() => {
    scene.set("nodes", a, "name", "A");
    addMaterial(scene);
    move(scene, add(scene), a);
  });
  expect(heard.length).toBe(1);
  expect(store.version).toBe(1);
});

test("hidden comes from the node, an ancestor or the trash", () => {
  const scene = new SceneDocument();
  const [top, dark] = [add(scene), add(scene, { visible: false })];
  const middle = add(scene, {}, { parent: top });
  const leaf = add(scene, {}, { parent: middle });
  const store = new SceneStore(scene);
  const hidden = () => [top, middle, leaf].map((id) => store.node(id)?.hidden);
  expect(hidden()).toEqual([false, false, false]);
  scene.set("nodes", top, "visible", false);
  expect(hidden()).toEqual([true, true, true]);
  scene.set("nodes", top, "visible", true);
  move(scene, middle, dark);
  expect(hidden()).toEqual([false, true, true]);
  move(scene, middle, ROOT);
  trash(scene, [middle], "me");
  expect(hidden()).toEqual([false, true, true]);
  expect(store.roots()).toEqual([top, dark]);
  expect(store.trash()).toEqual([middle]);
});

test("a level that lands is told to its mesh, and shows when its revision is the head", () => {
  const scene = new SceneDocument();
  const mesh = addMesh(scene, { name: "Bunny" });
  const store = new SceneStore(scene);
  expect(store.lod(mesh)).toMatchObject({ revision: null, settings: { auto: true } });
  const revision = addRevision(scene, revisionOf(mesh));
  setHead(scene, mesh, revision);
  expect(store.ids("meshes")).toEqual([mesh]);
  expect(store.mesh(mesh)?.revision?.geometry).toBe(SHA);
  const heard = listen(store);
  putResult(scene, revision, 2, LEVEL);
  expect(heard[0]).toContain(`lod/${mesh}`);
  expect([...(store.lod(mesh)?.results ?? [])]).toEqual([[2, LEVEL]]);
  expect(store.lod(mesh)?.levels.get(5)).toMatchObject({ ratio: 0.01, coverage: 0.02 });
});

test("lists hold what is not trashed", () => {
  const scene = new SceneDocument();
  const material = addMaterial(scene);
  const store = new SceneStore(scene);
  expect(store.ids("materials")).toEqual([material]);
  setTrashed(scene, "materials", material, "me");
  expect(store.ids("materials")).toEqual([]);
});

test("jobs and chat in their order", () => {
  const session = new SessionDocument();
  const store = new SessionStore(session);
  expect(store.chat()).toEqual([]);
  session.transact(() => {
    session.map("chat").set("b".repeat(16), { by: "x", name: "X", at: 2, text: "second" });
    session.map("chat").set("a".repeat(16), { by: "x", name: "X", at: 1, text: "first" });
  });
  expect(store.chat().map((line) => line.text)).toEqual(["first", "second"]);
});
