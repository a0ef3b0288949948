import { Matrix4, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import { SceneDocument } from "../document";
import * as nodes from "../nodes";
import { setValue } from "../resources";
import { SceneStore } from "../store";
import { localMatrix, SceneMirror } from "./mirror";
import { dragNodes } from "./selection";

function setup() {
  const scene = new SceneDocument();
  const store = new SceneStore(scene);
  const mirror = new SceneMirror(store);
  mirror.load();
  store.subscribeAll((changed) => mirror.apply(changed));
  const set = (id: string, key: string, value: unknown) => setValue(scene, "nodes", id, key, value);
  return { scene, store, mirror, set };
}

function position(mirror: SceneMirror, id: string): number[] {
  return new Vector3().setFromMatrixPosition(mirror.nodes.get(id)?.world as Matrix4).toArray();
}

describe("the mirror of the scene's nodes", () => {
  it("multiplies transforms down the tree, whichever of parent and child is written first", () => {
    const { scene, mirror, set } = setup();
    const top = nodes.add(scene, { translation: [10, 0, 0], scale: [2, 2, 2] });
    const child = nodes.add(scene, { translation: [1, 1, 0] }, { parent: top });
    expect(position(mirror, child)).toEqual([12, 2, 0]);
    scene.transact(() => {
      set(child, "translation", [0, 3, 0]);
      set(top, "translation", [0, 0, 5]);
    });
    expect(position(mirror, child)).toEqual([0, 6, 5]);
  });

  it("takes a subtree along when it gets another parent", () => {
    const { scene, mirror } = setup();
    const [a, b] = [nodes.add(scene, { translation: [1, 0, 0] }), nodes.add(scene, { translation: [0, 7, 0] })];
    const child = nodes.add(scene, {}, { parent: a });
    const grandchild = nodes.add(scene, { translation: [0, 0, 1] }, { parent: child });
    nodes.move(scene, child, b);
    expect(position(mirror, grandchild)).toEqual([0, 7, 1]);
    expect([...mirror.subtree(b)].map((node) => node.id).sort()).toEqual([b, child, grandchild].sort());
    expect([...mirror.subtree(a)].map((node) => node.id)).toEqual([a]);
  });

  it("hides what lies below an invisible or trashed node, and shows it again", () => {
    const { scene, mirror, set } = setup();
    const top = nodes.add(scene);
    const child = nodes.add(scene, {}, { parent: top });
    set(top, "visible", false);
    expect(mirror.nodes.get(child)?.hidden).toBe(true);
    set(top, "visible", true);
    expect(mirror.nodes.get(child)?.hidden).toBe(false);
    nodes.trash(scene, [top], "me");
    expect(mirror.nodes.get(child)?.hidden).toBe(true);
    nodes.restore(scene, [top]);
    expect(mirror.nodes.get(child)?.hidden).toBe(false);
  });

  it("names what changed and what only moved along", () => {
    const { scene, store } = setup();
    const top = nodes.add(scene);
    const child = nodes.add(scene, {}, { parent: top });
    const other = nodes.add(scene);
    const mirror = new SceneMirror(store);
    mirror.load();
    const changes = mirror.apply(new Set([`nodes/${top}`, "roots", "materials/x"]));
    expect([...changes.content]).toEqual([top]);
    expect([...changes.moved].sort()).toEqual([top, child].sort());
    expect(changes.moved.has(other)).toBe(false);
  });

  it("equals a mirror built anew after a hundred random edits", () => {
    const { scene, store, mirror, set } = setup();
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % n;
    };
    const ids = [nodes.add(scene)];
    for (let i = 0; i < 100; i++) {
      const id = ids[random(ids.length)] as string;
      const target = ids[random(ids.length)] as string;
      const under = [...mirror.subtree(id)].some((node) => node.id === target);
      if (i % 3 === 0) ids.push(nodes.add(scene, { translation: [i, 1, 0] }, { parent: id }));
      else if (i % 3 === 1) set(id, "translation", [random(9), random(9), random(9)]);
      else if (!under) nodes.move(scene, id, target);
    }
    const fresh = new SceneMirror(store);
    fresh.load();
    for (const id of ids) expect(position(mirror, id)).toEqual(position(fresh, id));
  });

  it("survives ten thousand levels", () => {
    const { store, mirror } = setup();
    const source = (i: number) => ({
      id: `n${i}`,
      name: "",
      parent: i === 0 ? "root" : `n${i - 1}`,
      children: [],
      translation: [0, 1, 0] as const,
      rotation: [0, 0, 0, 1] as const,
      scale: [1, 1, 1] as const,
      visible: true,
      locked: false,
      hidden: false,
      mesh: null,
      camera: null,
      light: null,
      materials: {},
    });
    const deep = new SceneMirror({
      ...store,
      version: 0,
      nodeIds: () => [],
      node: (id: string) => source(Number(id.slice(1))),
    } as never);
    deep.apply(new Set(Array.from({ length: 10_000 }, (_, i) => `nodes/n${i}`)));
    expect(position(deep, "n9999")).toEqual([0, 10_000, 0]);
    expect(mirror.nodes.size).toBe(0);
  });

  it("normalises a rotation that is a little off", () => {
    const world = localMatrix({ translation: [0, 0, 0], rotation: [0, 0, 0, 1.0005], scale: [1, 1, 1] }, new Matrix4());
    expect(world.elements).toEqual(new Matrix4().elements);
  });
});

describe("the nodes that a drag moves", () => {
  it("are those without a selected ancestor, neither locked nor hidden", () => {
    const { scene, mirror, set } = setup();
    const top = nodes.add(scene);
    const child = nodes.add(scene, {}, { parent: top });
    const [locked, hidden] = [nodes.add(scene, { locked: true }), nodes.add(scene)];
    set(hidden, "visible", false);
    const moving = dragNodes(mirror, new Set([child, top, locked, hidden, "gone"]));
    expect(moving.map((node) => node.id)).toEqual([top]);
  });
});
