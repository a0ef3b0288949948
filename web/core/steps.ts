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

/** What a change is about: its rank in a step (creations, moves, values) and the path. */
function target(change: Change): readonly [rank: number, ...path: string[]] {
  if ("create" in change) return [0, ...change.create];
  if ("move" in change) return [1, change.move];
  return [2, ...change.path];
}

/** Changes as a step holds them: without those that change nothing; creations, moves, values, each sorted by path. */
export function ordered(changes: readonly Change[]): Step {
  return changes.filter((change) => !isVoid(change)).sort((a, b) => compareTargets(target(a), target(b)));
}

/** Two changes with the same key are about the same thing. */
export function targetKey(change: Change): string {
  return JSON.stringify(target(change));
}

/** The record that a change belongs to. */
export function ownerOf(change: Change): string {
  if ("move" in change) return `nodes/${change.move}`;
  return ("create" in change ? change.create : change.path).slice(0, 2).join("/");
}

function compareTargets(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a[i] as string, b[i] as string];
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

/** Whether a change ends where it began. */
function isVoid(change: Change): boolean {
  if ("create" in change) return false;
  if ("move" in change) return samePlace(change.before, change.after);
  return "before" in change === "after" in change && sameValue(change.before, change.after);
}

export function samePlace(a: Place, b: Place): boolean {
  return a.parent === b.parent && a.order === b.order;
}

/** A step that travelled, such as a job's `result.step` (U5); anything that is no change is left out. */
export function stepFrom(value: unknown): Step {
  return Array.isArray(value) ? ordered(value.filter(isChange)) : [];
}

/** The first `before` and the last `after` of one thing. */
export function joined(first: Change | undefined, second: Change): Change {
  if (first === undefined) return second;
  if ("path" in first && "path" in second) {
    const { path } = first;
    return {
      path,
      ...("before" in first ? { before: first.before } : {}),
      ...("after" in second ? { after: second.after } : {}),
    };
  }
  if ("move" in first && "move" in second) return { move: first.move, before: first.before, after: second.after };
  return first;
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
