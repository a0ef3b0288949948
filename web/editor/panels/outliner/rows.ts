/** The tree as the flat list that the outliner draws. */
import type { NodeSnapshot } from "@core/store";

export interface OutlineRow {
  readonly id: string;
  readonly depth: number;
  readonly open: boolean | null;
  /** 1-based place among its siblings, and how many they are. */
  readonly place: number;
  readonly siblings: number;
  /** Shown only because something below it matches the filter. */
  readonly passing: boolean;
}

export interface TreeSource {
  node(id: string): NodeSnapshot | undefined;
  roots(): readonly string[];
}

/** Rows of the open part of the tree; with a filter, everything that matches and what leads there. */
export function outlineRows(tree: TreeSource, expanded: ReadonlySet<string>, filter: string): OutlineRow[] {
  const words = filter.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return words.length ? matchingRows(tree, words) : openRows(tree, expanded);
}

function openRows(tree: TreeSource, expanded: ReadonlySet<string>): OutlineRow[] {
  const rows: OutlineRow[] = [];
  const stack = entries(tree, tree.roots(), 0);
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { node, depth, place, siblings } = entry;
    const open = node.children.length ? expanded.has(node.id) : null;
    rows.push({ id: node.id, depth, open, place, siblings, passing: false });
    if (open) stack.push(...entries(tree, node.children, depth + 1));
  }
  return rows;
}

function matchingRows(tree: TreeSource, words: readonly string[]): OutlineRow[] {
  const visit = (ids: readonly string[], depth: number): OutlineRow[] => {
    return ids.flatMap((id, index) => {
      const node = tree.node(id);
      if (!node) return [];
      const name = node.name.toLowerCase();
      const matches = words.every((word) => name.includes(word));
      const below = visit(node.children, depth + 1);
      if (!matches && !below.length) return [];
      const row = {
        id,
        depth,
        open: below.length ? true : null,
        place: index + 1,
        siblings: ids.length,
        passing: !matches,
      };
      return [row, ...below];
    });
  };
  return visit(tree.roots(), 0);
}

/** Last first, because the walk takes them from the end. */
function entries(tree: TreeSource, ids: readonly string[], depth: number) {
  const nodes = ids.flatMap((id) => tree.node(id) ?? []);
  return nodes.map((node, i) => ({ node, depth, place: i + 1, siblings: nodes.length })).reverse();
}

export function ancestorsOf(tree: TreeSource, id: string): string[] {
  const found: string[] = [];
  for (let node = tree.node(id); node && tree.node(node.parent); node = tree.node(node.parent)) {
    if (found.includes(node.parent)) break;
    found.push(node.parent);
  }
  return found;
}

/** Without nodes that lie below another one of the list: moving or trashing the upper one takes them along. */
export function topmost(tree: TreeSource, ids: readonly string[]): string[] {
  const chosen = new Set(ids);
  return ids.filter((id) => !ancestorsOf(tree, id).some((ancestor) => chosen.has(ancestor)));
}
