/**
 * The effective tree of a live document, kept while nothing structural changes. Inside a transaction, writes to a tree
 * without broken cycles are patched into a draft, so that adding or moving many nodes costs no recomputation each.
 */

import type * as Y from "yjs";
import { fieldCheck, fits, isObject } from "./checks";
import { effectiveTree, type Tree, type TreeNode } from "./tree";
import { compare, type Edge, edgesOf } from "./tree-edges";

const TRASHED = fieldCheck("nodes", "trashed") ?? {};

export class TreeIndex {
  readonly #nodes: Y.Map<unknown>;
  readonly #known = new Map<string, TreeNode>();
  readonly #stale = new Set<string>();
  #tree: Tree | null = null;
  #draft: TreeDraft | null = null;

  constructor(nodes: Y.Map<unknown>) {
    this.#nodes = nodes;
    for (const id of nodes.keys()) this.#stale.add(id);
  }

  /** The tree as it stands, inside a transaction with everything written so far. */
  tree(): Tree {
    if (this.#draft !== null) return this.#draft;
    if (this.#tree === null || this.#stale.size > 0) this.#tree = this.#rebuild();
    return this.#tree;
  }

  /** The node's edges or trash flag changed; the next `tree()` reads it again. */
  touch(id: string): void {
    this.#stale.add(id);
    this.#draft = null;
  }

  /** `node` was just written below `parent` on its preferred edge, and `parent` is not inside it. */
  moved(node: string, parent: string, order: string): void {
    const before = this.tree();
    const known = before.parent.has(node);
    this.#stale.add(node);
    if (!before.settled || (known && before.hidden.has(node) !== before.hidden.has(parent))) {
      this.#draft = null;
      return;
    }
    this.#draft ??= new TreeDraft(before);
    this.#draft.place(node, parent, order);
  }

  /** The tree as it would be with one more entry written to each of these nodes. */
  preview(writes: ReadonlyMap<string, Edge>): Tree {
    this.tree();
    const nodes = new Map(this.#known);
    for (const [id, edge] of writes) {
      const { edges = [], trashed = false } = nodes.get(id) ?? {};
      nodes.set(id, { edges: [...edges.filter(({ parent }) => parent !== edge.parent), edge], trashed });
    }
    return effectiveTree(nodes);
  }

  /** The transaction ended: the draft gives way to the tree of the document. */
  settle(): void {
    this.#draft = null;
  }

  #rebuild(): Tree {
    for (const id of this.#stale) this.#reread(id);
    this.#stale.clear();
    const tree = effectiveTree(this.#known);
    return this.#tree === null ? tree : { ...tree, children: keepEqual(this.#tree.children, tree.children) };
  }

  #reread(id: string): void {
    const record = this.#nodes.get(id) as Y.Map<unknown> | undefined;
    if (typeof record?.get !== "function") {
      this.#known.delete(id);
      return;
    }
    const parents = record.get("parents") as Y.Map<unknown> | undefined;
    const edges = typeof parents?.entries === "function" ? edgesOf(id, parents.entries()) : [];
    this.#known.set(id, { edges, trashed: isTrashed(record.get("trashed")) });
  }
}

/** Whether a node's `trashed` marks it as such; ill-typed marks do not count. */
export function isTrashed(value: unknown): boolean {
  return isObject(value) && fits(TRASHED, value);
}

/** Lists that did not change stay the same object. */
function keepEqual(
  old: ReadonlyMap<string, readonly string[]>,
  fresh: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const kept = new Map<string, readonly string[]>();
  for (const [id, list] of fresh) {
    const before = old.get(id);
    kept.set(id, before !== undefined && sameList(before, list) ? before : list);
  }
  return kept;
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** A copy of a settled tree that takes moves. Lists are copied when first changed. */
class TreeDraft implements Tree {
  readonly parent: Map<string, string>;
  readonly order: Map<string, string>;
  readonly children: Map<string, readonly string[]>;
  readonly hidden: Set<string>;
  readonly settled = true;
  readonly #owned = new Map<string, string[]>();

  constructor(tree: Tree) {
    this.parent = new Map(tree.parent);
    this.order = new Map(tree.order);
    this.children = new Map(tree.children);
    this.hidden = new Set(tree.hidden);
  }

  place(node: string, parent: string, order: string): void {
    const old = this.parent.get(node);
    if (old !== undefined) this.#remove(node, old);
    this.parent.set(node, parent);
    this.order.set(node, order);
    const list = this.#list(parent);
    list.splice(this.#position(list, node, order), 0, node);
    if (this.hidden.has(parent)) this.hidden.add(node);
  }

  #remove(node: string, parent: string): void {
    const list = this.#list(parent);
    list.splice(this.#position(list, node, this.order.get(node) as string), 1);
  }

  #list(parent: string): string[] {
    let list = this.#owned.get(parent);
    if (list === undefined) {
      list = [...(this.children.get(parent) ?? [])];
      this.#owned.set(parent, list);
      this.children.set(parent, list);
    }
    return list;
  }

  /** Where (order, node) stands or belongs among sorted siblings. */
  #position(list: readonly string[], node: string, order: string): number {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const sibling = list[middle] as string;
      const side = compare(this.order.get(sibling) as string, order) || compare(sibling, node);
      if (side < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
