/**
 * Moves in the tree (SPEC T6–T8): what a move writes so that no other node jumps. Concurrent moves can make cycles, which the
 * effective tree breaks by falling back to older edges. Whoever moves a node next to such a place writes down what the
 * tree shows there, or the fall-back would end and nodes that nobody touched would go elsewhere.
 */

import * as Y from "yjs";
import type { SceneDocument } from "./document";
import { InvalidEdit } from "./errors";
import { between } from "./ordering";
import { MAX_COUNTER } from "./schema";
import { isWithin, ROOT, type Tree } from "./tree";
import { type Edge, edgesOf, preferred } from "./tree-edges";

/** Moves a node to a stated order key (T6, T8). */
export function place(scene: SceneDocument, node: string, parent: string, order: string): void {
  checkMove(scene, node, parent);
  const writes = edgesToWrite(scene, { child: node, parent, order });
  scene.transact(() => {
    for (const [id, edge] of writes) {
      parentsOf(scene, id).set(edge.parent, [edge.counter, edge.order]);
      if (id !== node) scene.treeIndex.touch(id);
    }
    scene.treeIndex.moved(node, parent, order);
  });
}

export function checkParent(scene: SceneDocument, parent: string): void {
  if (parent !== ROOT) scene.demand("nodes", parent);
}

export function checkMove(scene: SceneDocument, node: string, parent: string): void {
  scene.demand("nodes", node);
  checkParent(scene, parent);
  if (isWithin(scene.tree(), parent, node))
    throw new InvalidEdit("move_into_itself", `${parent} is ${node} or lies below it`);
}

/** A key before every ordered child of the root: where a node shows that T4 attached there. */
export function firstOrder(tree: Tree): string {
  const first = (tree.children.get(ROOT) ?? []).find((node) => tree.order.get(node));
  return between(null, (first !== undefined && tree.order.get(first)) || null);
}

function edgesToWrite(scene: SceneDocument, { child, parent, order }: Omit<Edge, "counter">): Map<string, Edge> {
  const tree = scene.tree();
  const writes = new Map<string, Edge>();
  if (!tree.settled) {
    reassert(scene, tree, writes, [tree.parent.get(child), parent]);
    const settled = writes.size === 0 && preferredParent(scene, child) === tree.parent.get(child);
    writes.set(child, { child, parent, order, counter: nextCounter(scene, tree, child, parent) });
    if (!settled) holdOthers(scene, tree, writes);
    return writes;
  }
  return writes.set(child, { child, parent, order, counter: nextCounter(scene, tree, child, parent) });
}

/**
 * Adds what keeps every other node in its place. Ends: a node jumps only where an edge above it is not the preferred one, and
 * each round writes all of those.
 */
function holdOthers(scene: SceneDocument, tree: Tree, writes: Map<string, Edge>): void {
  for (;;) {
    const after = scene.treeIndex.preview(writes);
    const jumped = [...after.parent.keys()].filter(
      (id) =>
        !writes.has(id) && (after.parent.get(id) !== tree.parent.get(id) || after.order.get(id) !== tree.order.get(id)),
    );
    if (jumped.length === 0) return;
    reassert(scene, tree, writes, jumped);
  }
}

/** Writes the edges from `starts` upward that show without being preferred; those in `writes` stand already. */
function reassert(
  scene: SceneDocument,
  tree: Tree,
  writes: Map<string, Edge>,
  starts: readonly (string | undefined)[],
): void {
  const seen = new Set<string>();
  for (const start of starts) {
    for (let at = start; at !== undefined && at !== ROOT && !seen.has(at); at = tree.parent.get(at)) {
      seen.add(at);
      const parent = tree.parent.get(at) as string;
      if (writes.has(at) || preferredParent(scene, at) === parent) continue;
      const order = tree.order.get(at) || firstOrder(tree);
      writes.set(at, { child: at, parent, order, counter: above(ownEdges(scene, at), at) });
    }
  }
}

/** T8 keeps the counter of a node that stays below its preferred parent; else one more than its highest. */
function nextCounter(scene: SceneDocument, tree: Tree, node: string, parent: string): number {
  const edges = ownEdges(scene, node);
  const current = preferred(edges);
  if (current !== undefined && current.parent === parent && tree.parent.get(node) === parent) return current.counter;
  return above(edges, node);
}

function ownEdges(scene: SceneDocument, node: string): Edge[] {
  return edgesOf(node, parentsOf(scene, node).entries());
}

function preferredParent(scene: SceneDocument, node: string): string | undefined {
  return preferred(ownEdges(scene, node))?.parent;
}

function above(edges: readonly { readonly counter: number }[], node: string): number {
  const counter = edges.reduce((max, edge) => Math.max(max, edge.counter), 0) + 1;
  if (counter > MAX_COUNTER) throw new InvalidEdit("counter_exhausted", `${node} was moved ${MAX_COUNTER} times`);
  return counter;
}

function parentsOf(scene: SceneDocument, node: string): Y.Map<unknown> {
  const parents = scene.demand("nodes", node).get("parents");
  if (!(parents instanceof Y.Map))
    throw new InvalidEdit("no_container", `nodes/${node} was written without its parents`);
  return parents;
}
