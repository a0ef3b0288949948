/** Which of the selected nodes a drag moves: those without a selected ancestor, neither locked nor hidden. */
import { Matrix4 } from "three";
import type { DragNode } from "./drag";
import type { MirrorNode, SceneMirror } from "./mirror";

const IDENTITY = new Matrix4();

export function dragNodes(mirror: SceneMirror, selection: ReadonlySet<string>): DragNode[] {
  const nodes: DragNode[] = [];
  for (const id of selection) {
    const node = mirror.nodes.get(id);
    if (!node || node.hidden || node.source.locked || hasSelectedAncestor(node, selection)) continue;
    nodes.push({ id, source: node.source, parentWorld: (node.parent?.world ?? IDENTITY).clone() });
  }
  return nodes;
}

function hasSelectedAncestor(node: MirrorNode, selection: ReadonlySet<string>): boolean {
  for (let above = node.parent; above; above = above.parent) if (selection.has(above.id)) return true;
  return false;
}
