/** Random edits on three replicas with lost, late and repeated deliveries: equal at the end, and sound all the way. */

import { expect, test } from "vitest";
import { SceneDocument } from "./document";
import { MaquetteError } from "./errors";
import { add, duplicate, move, restore, trash } from "./nodes";
import { ROOT } from "./schema";
import { SceneStore } from "./store";
import { effectiveTree } from "./tree";
import { edgesOf } from "./tree-edges";
import { UndoStack } from "./undo";

/** mulberry32: a small generator, so that a failing seed can be repeated. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Replica {
  readonly scene = new SceneDocument();
  readonly store = new SceneStore(this.scene);
  readonly undo = new UndoStack(this.scene);
  readonly inbox: Uint8Array[] = [];

  constructor(others: () => readonly Replica[]) {
    this.scene.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin === "remote") return;
      for (const other of others()) if (other !== this) other.inbox.push(update);
    });
  }
}

const ACTIONS = ["add", "move", "move", "move", "rename", "trash", "restore", "duplicate", "undo", "redo"] as const;

function act(replica: Replica, action: (typeof ACTIONS)[number], pick: <T>(list: readonly T[]) => T): void {
  const { scene, undo } = replica;
  const ids = scene.ids("nodes");
  const parent = pick([ROOT, ...ids]);
  const edit = (change: () => void) => undo.push(scene.transact(change));
  if (action === "undo") undo.undo();
  else if (action === "redo") undo.redo();
  else if (action === "add" || ids.length === 0) edit(() => void add(scene, { name: "n" }, { parent }));
  else if (action === "move") edit(() => move(scene, pick(ids), parent, null));
  else if (action === "rename") edit(() => void scene.set("nodes", pick(ids), "name", pick(["a", "b", "c"])));
  else if (action === "trash") edit(() => trash(scene, [pick(ids)], "me"));
  else if (action === "restore") edit(() => restore(scene, [pick(ids)]));
  else edit(() => void (ids.length < 60 && duplicate(scene, pick(ids))));
}

/** Everybody reaches the root once, and what is kept equals what is computed anew. */
function expectSound({ scene, store }: Replica): void {
  const tree = scene.tree();
  const fresh = effectiveTree(
    new Map(
      scene.ids("nodes").map((id) => {
        const parents = scene.record("nodes", id)?.get("parents") as Map<string, unknown>;
        const trashed = scene.record("nodes", id)?.has("trashed") === true;
        return [id, { edges: edgesOf(id, parents.entries()), trashed }];
      }),
    ),
  );
  expect(tree.parent).toEqual(fresh.parent);
  expect(tree.children).toEqual(fresh.children);
  expect(tree.hidden).toEqual(fresh.hidden);
  expect(tree.parent.size).toBe(scene.ids("nodes").length);
  const anew = new SceneStore(scene);
  for (const id of scene.ids("nodes")) {
    expect(store.node(id)).toEqual(anew.node(id));
    let steps = 0;
    for (let at = id; at !== ROOT; at = tree.parent.get(at) as string) expect(steps++).toBeLessThan(1000);
  }
  expect(store.roots()).toEqual(anew.roots());
  expect(store.trash()).toEqual(anew.trash());
  expect([...store.nodeIds()].sort()).toEqual([...anew.nodeIds()].sort());
  anew.destroy();
}

test.each(Array.from({ length: 25 }, (_, seed) => seed))(
  "replicas agree whatever is lost, late or repeated: %i",
  (seed) => {
    const random = randomOf(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const replicas: Replica[] = [];
    for (let i = 0; i < 3; i++) replicas.push(new Replica(() => replicas));
    const done = new Map<string, number>();
    for (let step = 0; step < 60; step++) {
      const replica = pick(replicas);
      const action = pick(ACTIONS);
      try {
        act(replica, action, pick);
        done.set(action, (done.get(action) ?? 0) + 1);
      } catch (error) {
        if (!(error instanceof MaquetteError)) throw error;
        expect(["move_into_itself", "bad_order"]).toContain(error.code);
      }
      const receiver = pick(replicas);
      if (random() < 0.4 && receiver.inbox.length > 0) receiver.scene.apply(pick(receiver.inbox));
      if (random() < 0.1) receiver.inbox.splice(0);
      if (random() < 0.2) receiver.scene.apply(pick(replicas).scene.update(receiver.scene.stateVector()));
      if (step % 10 === 0) expectSound(receiver);
    }
    for (const to of replicas) for (const from of replicas) to.scene.apply(from.scene.update(to.scene.stateVector()));
    const [first, ...others] = replicas as [Replica, ...Replica[]];
    for (const replica of replicas) expectSound(replica);
    for (const other of others) {
      expect(other.scene.canonical()).toBe(first.scene.canonical());
      expect(other.scene.tree().children).toEqual(first.scene.tree().children);
      expect(other.scene.deleteSet()).toEqual(first.scene.deleteSet());
    }
    expect(done.size).toBeGreaterThan(4);
  },
);
