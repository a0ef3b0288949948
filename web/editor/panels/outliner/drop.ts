/** Where a dragged row would land. */
import { ancestorsOf, type OutlineRow, type TreeSource } from "./rows";

export const ROW_HEIGHT = 26;

export interface Drop {
  parent: string;
  /** The sibling that it goes before; null: last. */
  before: string | null;
  /** Where to draw: a line above row `index` at `depth`, or a frame around row `index`. */
  mark: { kind: "line"; index: number; depth: number } | { kind: "into"; index: number };
}

/** `y` in pixels from the top of the list's content. Null where the drop is impossible. */
export function dropAt(
  tree: TreeSource,
  rows: readonly OutlineRow[],
  dragged: readonly string[],
  y: number,
): Drop | null {
  const drop = placeAt(tree, rows, y);
  if (!drop) return null;
  const inside = [drop.parent, ...ancestorsOf(tree, drop.parent)].some((id) => dragged.includes(id));
  return inside ? null : skipDragged(tree, drop, dragged);
}

function placeAt(tree: TreeSource, rows: readonly OutlineRow[], y: number): Drop | null {
  const index = Math.floor(y / ROW_HEIGHT);
  const row = rows[Math.max(0, index)];
  if (!row)
    return rows.length ? { parent: "root", before: null, mark: { kind: "line", index: rows.length, depth: 0 } } : null;
  const node = tree.node(row.id);
  if (!node) return null;
  const part = (y - index * ROW_HEIGHT) / ROW_HEIGHT;
  if (part < 0.28) return { parent: node.parent, before: row.id, mark: { kind: "line", index, depth: row.depth } };
  if (part < 0.72) return { parent: row.id, before: null, mark: { kind: "into", index } };
  if (row.open) {
    const first = rows[index + 1];
    return {
      parent: row.id,
      before: first?.id ?? null,
      mark: { kind: "line", index: index + 1, depth: row.depth + 1 },
    };
  }
  const before = nextSibling(tree, node.parent, row.id);
  return { parent: node.parent, before, mark: { kind: "line", index: index + 1, depth: row.depth } };
}

function siblingsOf(tree: TreeSource, parent: string): readonly string[] {
  return tree.node(parent)?.children ?? tree.roots();
}

function nextSibling(tree: TreeSource, parent: string, id: string): string | null {
  const siblings = siblingsOf(tree, parent);
  return siblings[siblings.indexOf(id) + 1] ?? null;
}

/** "Before itself" means: before the next one that stays. */
function skipDragged(tree: TreeSource, drop: Drop, dragged: readonly string[]): Drop {
  let { before } = drop;
  while (before && dragged.includes(before)) before = nextSibling(tree, drop.parent, before);
  return { ...drop, before };
}
