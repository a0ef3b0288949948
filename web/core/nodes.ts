/** Edits of nodes: add, move, trash, restore, duplicate (SPEC T6–T10, D5). Each is one transaction, checked before it writes. */

import * as Y from "yjs";
import { checkField, type SceneDocument } from "./document";
import { InvalidEdit } from "./errors";
import { isId, newId } from "./ids";
import { checkMove, checkParent, place } from "./moves";
import { between } from "./ordering";
import type { Node } from "./schema";
import { ROOT, type Tree } from "./tree";
import { isTrashed } from "./tree-index";

export type NodeFields = Partial<Omit<Node, "parents" | "materials" | "trashed">>;

export interface AddOptions {
  readonly parent?: string;
  /** A child of `parent` to stand before; absent: last. */
  readonly before?: string | null;
  readonly id?: string;
  /** Slot id → material id: overrides to begin with. */
  readonly materials?: Readonly<Record<string, string | null>>;
}

/** Adds a node and returns its id. */
export function add(scene: SceneDocument, fields: NodeFields = {}, options: AddOptions = {}): string {
  const { parent = ROOT, before = null, id = newId(), materials = {} } = options;
  checkNew(scene, "nodes", id);
  checkParent(scene, parent);
  for (const [key, value] of Object.entries(fields)) checkField("nodes", key, value);
  const order = orderBefore(scene.tree(), parent, before, null);
  scene.transact(() => {
    const edge: [string, unknown] = [parent, [1, order]];
    scene.map("nodes").set(id, nodeMap(fields, [edge], materials));
    scene.treeIndex.moved(id, parent, order);
  });
  return id;
}

/** Moves a node below `parent`, before the sibling `before` or last. Its local transform stays. */
export function move(scene: SceneDocument, node: string, parent: string, before: string | null = null): void {
  checkMove(scene, node, parent);
  const order = orderBefore(scene.tree(), parent, before, node);
  place(scene, node, parent, order);
}

/** Marks nodes as trashed (those that are already stay as they are); what lies below them is hidden with them. */
export function trash(scene: SceneDocument, ids: Iterable<string>, by: string, at = Date.now()): void {
  const records = [...ids].map((id) => [id, scene.demand("nodes", id)] as const);
  scene.transact(() => {
    for (const [id, record] of records) {
      if (isInTrash(scene, id)) continue;
      record.set("trashed", { by, at });
      scene.treeIndex.touch(id);
    }
  });
}

export function restore(scene: SceneDocument, ids: Iterable<string>): void {
  const records = [...ids].map((id) => [id, scene.demand("nodes", id)] as const);
  scene.transact(() => {
    for (const [id, record] of records) {
      record.delete("trashed");
      scene.treeIndex.touch(id);
    }
  });
}

/** Copies a node with everything below it next to the original (T10); returns the copy's id. */
export function duplicate(scene: SceneDocument, node: string): string {
  const tree = scene.tree();
  const copy = newId();
  scene.demand("nodes", node);
  const parent = tree.parent.get(node) as string;
  const order = orderAfter(tree, parent, node);
  scene.transact(() => {
    const stack: [string, string, string, string][] = [[node, copy, parent, order]];
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      const [from, to, below, key] = item;
      copyRecord(scene, from, to, below, key);
      for (const child of tree.children.get(from) ?? []) {
        if (isInTrash(scene, child)) continue;
        stack.push([child, newId(), to, tree.order.get(child) ?? ""]);
      }
    }
  });
  return copy;
}

/** Refuses ids that are ill-formed or taken. */
export function checkNew(scene: SceneDocument, root: string, id: string): void {
  if (!isId(id)) throw new InvalidEdit("bad_id", `${id} is no id`, "16 characters of A–Z a–z 0–9 _ -");
  if (scene.map(root).has(id)) throw new InvalidEdit("id_taken", `${root}/${id} exists already`);
}

/** An order key before a sibling, or at the end (null); `moving` is not counted among the siblings. */
function orderBefore(tree: Tree, parent: string, before: string | null, moving: string | null): string {
  const siblings = tree.children.get(parent) ?? [];
  if (before === null) return between(orderKey(tree, siblings.at(-1)), null);
  const at = before === moving ? -1 : siblings.indexOf(before);
  if (at < 0) throw new InvalidEdit("not_a_sibling", `${before} is not below ${parent}`, "a child of the parent");
  const upper = orderKey(tree, before);
  for (let i = at - 1; i >= 0; i--) {
    const lower = orderKey(tree, siblings[i]);
    // Equal keys cannot be parted: the new one goes before all of them.
    if (siblings[i] !== moving && (lower ?? "") < (upper ?? "")) return between(lower, upper);
  }
  return between(null, upper);
}

function orderAfter(tree: Tree, parent: string, node: string): string {
  const siblings = tree.children.get(parent) ?? [];
  const own = orderKey(tree, node);
  for (let i = siblings.indexOf(node) + 1; i < siblings.length; i++) {
    const upper = orderKey(tree, siblings[i]);
    if ((upper ?? "") > (own ?? "")) return between(own, upper);
  }
  return between(own, null);
}

/** The node's order key; null for none and for what T4 attached without one. */
function orderKey(tree: Tree, node: string | undefined): string | null {
  return (node !== undefined && tree.order.get(node)) || null;
}

function nodeMap(
  fields: Readonly<Record<string, unknown>>,
  edges: Iterable<[string, unknown]>,
  materials: Readonly<Record<string, string | null>>,
): Y.Map<unknown> {
  const entries: [string, unknown][] = [
    ...Object.entries(fields),
    ["parents", new Y.Map(edges)],
    ["materials", new Y.Map(Object.entries(materials))],
  ];
  return new Y.Map(entries);
}

function copyRecord(scene: SceneDocument, from: string, to: string, parent: string, order: string): void {
  const record = scene.demand("nodes", from);
  const fields: Record<string, unknown> = {};
  for (const [key, value] of record) {
    if (key !== "trashed" && !(value instanceof Y.AbstractType)) fields[key] = value;
  }
  const overrides = record.get("materials");
  const materials = overrides instanceof Y.Map ? Object.fromEntries(overrides.entries()) : {};
  scene.map("nodes").set(to, nodeMap(fields, [[parent, [1, order]]], materials));
  scene.treeIndex.moved(to, parent, order);
}

function isInTrash(scene: SceneDocument, node: string): boolean {
  return isTrashed(scene.record("nodes", node)?.get("trashed"));
}
