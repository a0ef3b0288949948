/**
 * The scene's nodes with their world matrices in float64, kept in step with the store by changed nodes only. three.js
 * objects are leaves made from this; nothing is nested in the scene graph, so a reparent costs no graph surgery.
 */
import { Matrix4, Quaternion, Vector3 } from "three";
import type { NodeSource, SceneSource } from "./sources";

export interface MirrorNode {
  readonly id: string;
  source: NodeSource;
  parent: MirrorNode | null;
  readonly children: Set<MirrorNode>;
  /** Local to world; 16 doubles, column-major. */
  readonly world: Matrix4;
  /** By itself or an ancestor: invisible, trashed. */
  hidden: boolean;
}

/** Ids by what became of them. A node that moved because its ancestor did is in `moved` only. */
export interface MirrorChanges {
  readonly content: Set<string>;
  readonly moved: Set<string>;
  readonly removed: Set<string>;
}

export class SceneMirror {
  readonly nodes = new Map<string, MirrorNode>();

  constructor(private readonly store: SceneSource) {}

  /** Everything anew. */
  load(): MirrorChanges {
    return this.apply(new Set([...this.store.nodeIds()].map((id) => `nodes/${id}`)));
  }

  /** Takes over the nodes among the changed keys and moves their subtrees. */
  apply(changed: ReadonlySet<string>): MirrorChanges {
    const changes: MirrorChanges = { content: new Set(), moved: new Set(), removed: new Set() };
    for (const key of changed) {
      if (key.startsWith("nodes/")) this.take(key.slice("nodes/".length), changes);
    }
    for (const id of changes.content) this.attach(this.nodes.get(id) as MirrorNode);
    for (const id of changes.content) {
      const node = this.nodes.get(id) as MirrorNode;
      if (!hasAncestorIn(node, changes.content)) place(node, changes.moved);
    }
    return changes;
  }

  /** The node and everything below it that the mirror knows. */
  *subtree(id: string): Generator<MirrorNode> {
    const top = this.nodes.get(id);
    const stack = top ? [top] : [];
    for (let node = stack.pop(); node; node = stack.pop()) {
      yield node;
      stack.push(...node.children);
    }
  }

  private take(id: string, changes: MirrorChanges): void {
    const source = this.store.node(id);
    const known = this.nodes.get(id);
    if (source) {
      if (known) known.source = source;
      else this.nodes.set(id, freshNode(source));
      changes.content.add(id);
    } else if (known) {
      this.remove(known, changes);
    }
  }

  private remove(node: MirrorNode, changes: MirrorChanges): void {
    node.parent?.children.delete(node);
    for (const child of node.children) child.parent = null;
    this.nodes.delete(node.id);
    changes.removed.add(node.id);
    changes.content.delete(node.id);
  }

  private attach(node: MirrorNode): void {
    const parent = this.nodes.get(node.source.parent) ?? null;
    if (node.parent === parent) return;
    node.parent?.children.delete(node);
    node.parent = parent;
    parent?.children.add(node);
  }
}

function hasAncestorIn(node: MirrorNode, ids: ReadonlySet<string>): boolean {
  for (let above = node.parent; above; above = above.parent) if (ids.has(above.id)) return true;
  return false;
}

/** Gives a node and all below it their matrices; without recursion, scenes may be ten thousand levels deep. */
function place(top: MirrorNode, moved: Set<string>): void {
  const stack = [top];
  for (let node = stack.pop(); node; node = stack.pop()) {
    localMatrix(node.source, node.world);
    if (node.parent) node.world.premultiply(node.parent.world);
    node.hidden = node.source.hidden || !node.source.visible || (node.parent?.hidden ?? false);
    moved.add(node.id);
    stack.push(...node.children);
  }
}

function freshNode(source: NodeSource): MirrorNode {
  return { id: source.id, source, parent: null, children: new Set(), world: new Matrix4(), hidden: false };
}

const translation = new Vector3();
const rotation = new Quaternion();
const scale = new Vector3();

/** The matrix of a node in its parent's frame. A tolerated non-unit quaternion is normalised. */
export function localMatrix(source: Pick<NodeSource, "translation" | "rotation" | "scale">, into: Matrix4): Matrix4 {
  translation.fromArray(source.translation as unknown as number[]);
  rotation.fromArray(source.rotation as unknown as number[]).normalize();
  scale.fromArray(source.scale as unknown as number[]);
  return into.compose(translation, rotation, scale);
}
