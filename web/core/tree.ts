/**
 * The effective tree: a pure function of all nodes' `parents` (SPEC T1–T5). Concurrent moves can make cycles; they are broken
 * in a fixed order by falling back to earlier parents. After Evan Wallace, "CRDT: Mutable Tree Hierarchy".
 */

import { ROOT } from "./schema";
import { compare, type Edge, EdgeHeap, preferred } from "./tree-edges";

export { ROOT };

/** The valid entries of one node's `parents`; `trashed` hides the node and all below it. */
export interface TreeNode {
  readonly edges: readonly Edge[];
  readonly trashed: boolean;
}

export interface Tree {
  /** Node → effective parent (`root` or a node). */
  readonly parent: ReadonlyMap<string, string>;
  readonly order: ReadonlyMap<string, string>;
  /** Parent → children in sibling order; parents without children are absent. */
  readonly children: ReadonlyMap<string, readonly string[]>;
  /** Trashed nodes and everything below them. */
  readonly hidden: ReadonlySet<string>;
  /** Whether every node stands on its preferred edge. */
  readonly settled: boolean;
}

export function effectiveTree(nodes: ReadonlyMap<string, TreeNode>): Tree {
  const chosen = new Map<string, Edge>();
  const remaining = attachPreferred(nodes, chosen);
  const settled = remaining.size === 0;
  if (!settled) attachRemaining(nodes, remaining, chosen);
  return build(nodes, chosen, settled);
}

/** Puts every node whose walk along preferred edges reaches the root into `chosen`; returns the others. */
function attachPreferred(nodes: ReadonlyMap<string, TreeNode>, chosen: Map<string, Edge>): Set<string> {
  const lost = new Set<string>();
  const onWalk = new Set<string>();
  for (const start of nodes.keys()) {
    const walk: Edge[] = [];
    let at = start;
    while (at !== ROOT && !chosen.has(at) && !lost.has(at) && !onWalk.has(at)) {
      onWalk.add(at);
      const edge = preferred(nodes.get(at)?.edges ?? []);
      if (edge === undefined) break;
      walk.push(edge);
      at = edge.parent;
    }
    const rooted = at === ROOT || chosen.has(at);
    for (const edge of walk) rooted ? chosen.set(edge.child, edge) : lost.add(edge.child);
    if (!rooted && nodes.has(at)) lost.add(at);
    onWalk.clear();
  }
  return lost;
}

/** T3 and T4: attaches what is left along the best ready edge, else the smallest id to the root. */
function attachRemaining(
  nodes: ReadonlyMap<string, TreeNode>,
  remaining: Set<string>,
  chosen: Map<string, Edge>,
): void {
  const waiting = new Map<string, Edge[]>();
  const ready = new EdgeHeap();
  for (const id of remaining) {
    for (const edge of (nodes.get(id) as TreeNode).edges) {
      if (edge.parent === ROOT || chosen.has(edge.parent)) ready.push(edge);
      else append(waiting, edge.parent, edge);
    }
  }
  const attach = (edge: Edge) => {
    chosen.set(edge.child, edge);
    remaining.delete(edge.child);
    for (const next of waiting.get(edge.child) ?? []) ready.push(next);
  };
  for (const id of [...remaining].sort(compare)) {
    for (let edge = ready.pop(); edge !== undefined; edge = ready.pop()) {
      if (remaining.has(edge.child)) attach(edge);
    }
    if (remaining.has(id)) attach({ child: id, parent: ROOT, counter: 0, order: "" });
  }
}

function build(nodes: ReadonlyMap<string, TreeNode>, chosen: ReadonlyMap<string, Edge>, settled: boolean): Tree {
  const parent = new Map<string, string>();
  const order = new Map<string, string>();
  const siblings = new Map<string, Edge[]>();
  for (const edge of chosen.values()) {
    parent.set(edge.child, edge.parent);
    order.set(edge.child, edge.order);
    append(siblings, edge.parent, edge);
  }
  const children = new Map<string, readonly string[]>();
  for (const [id, edges] of siblings) {
    edges.sort((a, b) => compare(a.order, b.order) || compare(a.child, b.child));
    children.set(
      id,
      edges.map((edge) => edge.child),
    );
  }
  return { parent, order, children, hidden: hiddenNodes(nodes, children), settled };
}

/** T5. */
function hiddenNodes(
  nodes: ReadonlyMap<string, TreeNode>,
  children: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const hidden = new Set<string>();
  const stack: string[] = [];
  for (const [id, node] of nodes) if (node.trashed) stack.push(id);
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (hidden.has(id)) continue;
    hidden.add(id);
    for (const child of children.get(id) ?? []) stack.push(child);
  }
  return hidden;
}

/** Whether `node` is `ancestor` or lies below it. */
export function isWithin(tree: Tree, node: string, ancestor: string): boolean {
  for (let at: string | undefined = node; at !== undefined && at !== ROOT; at = tree.parent.get(at)) {
    if (at === ancestor) return true;
  }
  return false;
}

/** The node and everything below it, parents first. */
export function subtree(tree: Tree, node: string): string[] {
  const ids: string[] = [];
  const stack = [node];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    ids.push(id);
    const children = tree.children.get(id) ?? [];
    for (let i = children.length - 1; i >= 0; i--) stack.push(children[i] as string);
  }
  return ids;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
