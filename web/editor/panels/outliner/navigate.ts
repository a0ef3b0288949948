/** What the keyboard does in the tree. */
import { local } from "@editor/state/local";
import type { OutlineRow, TreeSource } from "./rows";

/** The selection after a click on `id`. The clicked node comes last: it is the cursor. */
export function clickSelection(
  rows: readonly OutlineRow[],
  id: string,
  keys: { shift: boolean; toggle: boolean },
): { ids: readonly string[]; anchor: string | null } {
  const { selection, anchor } = local();
  if (keys.shift && anchor) return { ids: range(rows, anchor, id), anchor };
  if (!keys.toggle) return { ids: [id], anchor: id };
  const without = selection.filter((other) => other !== id);
  return { ids: without.length < selection.length ? without : [...selection, id], anchor: id };
}

function range(rows: readonly OutlineRow[], anchor: string, cursor: string): string[] {
  const [from, to] = [anchor, cursor].map((id) => rows.findIndex((row) => row.id === id)) as [number, number];
  if (from < 0 || to < 0) return [cursor];
  const ids = rows.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => row.id);
  return from <= to ? ids : ids.reverse();
}

/** Handles a key; false when it is none of ours. */
export function navigate(tree: TreeSource, rows: readonly OutlineRow[], key: string, shift: boolean): boolean {
  const { selection, renaming } = local();
  if (renaming) return false;
  const cursor = selection.at(-1);
  const at = rows.findIndex((row) => row.id === cursor);
  const go = (index: number) => goTo(rows, Math.min(rows.length - 1, Math.max(0, index)), shift);
  switch (key) {
    case "ArrowDown":
      return go(at + 1);
    case "ArrowUp":
      return go(at < 0 ? 0 : at - 1);
    case "Home":
      return go(0);
    case "End":
      return go(rows.length - 1);
    case "PageDown":
      return go(at + 12);
    case "PageUp":
      return go(at - 12);
    case "ArrowRight":
      return open(rows, at, go);
    case "ArrowLeft":
      return close(tree, rows, at, go);
    default:
      return false;
  }
}

function goTo(rows: readonly OutlineRow[], index: number, shift: boolean): boolean {
  const row = rows[index];
  if (!row) return false;
  const { ids, anchor } = clickSelection(rows, row.id, { shift, toggle: false });
  local().select(ids, anchor);
  return true;
}

function open(rows: readonly OutlineRow[], at: number, go: (index: number) => boolean): boolean {
  const row = rows[at];
  if (row?.open === false) local().expand([row.id], true);
  else if (row?.open) go(at + 1);
  return row !== undefined;
}

function close(tree: TreeSource, rows: readonly OutlineRow[], at: number, go: (index: number) => boolean): boolean {
  const row = rows[at];
  if (row?.open) local().expand([row.id], false);
  else if (row) {
    const parent = rows.findIndex((other) => other.id === tree.node(row.id)?.parent);
    if (parent >= 0) go(parent);
  }
  return row !== undefined;
}
