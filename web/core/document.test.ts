import { expect, test } from "vitest";
import { SceneDocument } from "./document";
import { InvalidEdit } from "./errors";
import * as nodes from "./nodes";
import { addMaterial, setOverride, setValue } from "./resources";
import { SceneStore } from "./store";
import { UndoStack } from "./undo";

test("U1: a value edit yields its path, before and after", () => {
  const scene = new SceneDocument();
  const id = nodes.add(scene, { name: "Chair" });
  expect(scene.set("nodes", id, "name", "Stool")).toEqual([
    { path: ["nodes", id, "name"], before: "Chair", after: "Stool" },
  ]);
  expect(scene.set("nodes", id, "visible", false)).toEqual([{ path: ["nodes", id, "visible"], after: false }]);
});

test("U1: a creation is one entry, a move another", () => {
  const scene = new SceneDocument();
  let a = "";
  const made = scene.transact(() => {
    a = nodes.add(scene, { name: "A" });
    setValue(scene, "nodes", a, "name", "B");
  });
  expect(made).toEqual([{ create: ["nodes", a] }]);
  const b = nodes.add(scene, { name: "B" });
  const order = scene.tree().order.get(b);
  const moved = scene.transact(() => nodes.move(scene, b, a));
  expect(moved).toMatchObject([{ move: b, before: { parent: "root", order }, after: { parent: a } }]);
});

test("D6: ill-typed values are refused before anything is written", () => {
  const scene = new SceneDocument();
  const id = nodes.add(scene);
  const before = scene.canonical();
  expect(() => scene.set("nodes", id, "translation", [0, Number.NaN, 0])).toThrow(InvalidEdit);
  expect(() => scene.set("nodes", id, "colour", 1)).toThrow(InvalidEdit);
  expect(scene.canonical()).toBe(before);
});

test("T7: a node cannot be moved into itself", () => {
  const scene = new SceneDocument();
  const a = nodes.add(scene);
  const b = nodes.add(scene, {}, { parent: a });
  expect(() => nodes.move(scene, a, b)).toThrow(expect.objectContaining({ code: "move_into_itself" }));
});

test("U3: undo gives back what nobody changed and keeps the rest", () => {
  const scene = new SceneDocument();
  const undo = new UndoStack(scene);
  const id = nodes.add(scene, { name: "Chair" });
  undo.push(
    scene.transact(() => {
      setValue(scene, "nodes", id, "name", "Stool");
      setValue(scene, "nodes", id, "visible", false);
    }),
  );
  const other = scene.fork();
  setValue(other, "nodes", id, "name", "Bench");
  scene.apply(other.update());
  expect(undo.undo()?.kept).toEqual([["nodes", id, "name"]]);
  expect(scene.read("nodes", id)).toMatchObject({ name: "Bench", visible: true });
  undo.redo();
  expect(scene.read("nodes", id)).toMatchObject({ name: "Bench", visible: false });
});

test("the store keeps snapshots of what did not change and tells only who asked", () => {
  const scene = new SceneDocument();
  const a = nodes.add(scene, { name: "A" });
  const b = nodes.add(scene, { name: "B" });
  const store = new SceneStore(scene);
  const before = store.node(b);
  const heard: string[] = [];
  store.subscribe(`nodes/${a}`, () => heard.push("a"));
  store.subscribe(`nodes/${b}`, () => heard.push("b"));
  store.subscribe("roots", () => heard.push("roots"));
  setValue(scene, "nodes", a, "name", "AA");
  expect(heard).toEqual(["a"]);
  expect(store.node(a)?.name).toBe("AA");
  expect(store.node(b)).toBe(before);
  const material = addMaterial(scene, { name: "Red" });
  setOverride(scene, a, material, material);
  expect(store.node(a)?.materials).toEqual({ [material]: material });
  nodes.trash(scene, [a], "me");
  expect(store.roots()).toEqual([b]);
  expect(store.trash()).toEqual([a]);
  nodes.restore(scene, [a]);
  expect(store.roots()).toEqual([a, b]);
});
