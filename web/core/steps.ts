/** Steps: what one transaction changed, as values that undo can turn around (SPEC U1, U6). */

import { sameValue } from "./canonical";

export type Path = readonly string[];

/** Where a node stands in the effective tree. */
export interface Place {
  readonly parent: string;
  readonly order: string;
}

/** One value. A missing `before` or `after` means that the key is absent. */
export interface ValueChange {
  readonly path: Path;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** A whole new record. */
export interface Creation {
  readonly create: readonly [root: string, id: string];
}

export interface Move {
  readonly move: string;
  readonly before: Place;
  readonly after: Place;
}

export type Change = ValueChange | Creation | Move;

/** The changes of one transaction. Filled when the outermost transaction ends. */
export type Step = readonly Change[];

/** What a change is about: two changes with the same key become one in `merge`. */
export function changeKey(change: Change): string {
  if ("path" in change) return JSON.stringify(change.path);
  if ("create" in change) return `create:${change.create[0]}/${change.create[1]}`;
  return `move:${change.move}`;
}

/** One step that does what both did: the first `before` and the last `after` of each path. */
export function merge(first: Step, second: Step): Step {
  const merged = new Map<string, Change>();
  for (const change of first) merged.set(changeKey(change), change);
  for (const change of second) {
    const key = changeKey(change);
    merged.set(key, joined(merged.get(key), change));
  }
  return [...merged.values()].filter((change) => !isVoid(change));
}

/** Whether a change ends where it began. */
export function isVoid(change: Change): boolean {
  if ("create" in change) return false;
  if ("move" in change) return samePlace(change.before, change.after);
  return "before" in change === "after" in change && sameValue(change.before, change.after);
}

export function samePlace(a: Place, b: Place): boolean {
  return a.parent === b.parent && a.order === b.order;
}

/** A step from a job's `result.step` or from storage: anything that is no change is left out. */
export function stepFrom(value: unknown): Step {
  return Array.isArray(value) ? value.filter(isChange) : [];
}

function joined(first: Change | undefined, second: Change): Change {
  if (first === undefined) return second;
  if ("path" in first && "path" in second) return valueChange(first.path, first, "before", second, "after");
  if ("move" in first && "move" in second) return { move: first.move, before: first.before, after: second.after };
  return first;
}

/** A value change from one side of each of two others; an absent side stays absent. */
export function valueChange(
  path: Path,
  from: ValueChange,
  fromSide: "before" | "after",
  to: ValueChange,
  toSide: "before" | "after",
): ValueChange {
  return {
    path,
    ...(fromSide in from ? { before: from[fromSide] } : {}),
    ...(toSide in to ? { after: to[toSide] } : {}),
  };
}

function isChange(value: unknown): value is Change {
  if (typeof value !== "object" || value === null) return false;
  if ("path" in value) return isTexts(value.path) && value.path.length >= 2;
  if ("create" in value) return isTexts(value.create) && value.create.length === 2;
  return "move" in value && typeof value.move === "string" && "before" in value && "after" in value
    ? isPlace(value.before) && isPlace(value.after)
    : false;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== "object" || value === null) return false;
  return "parent" in value && typeof value.parent === "string" && "order" in value && typeof value.order === "string";
}
