/** Our own undo (SPEC U2–U5): forward transactions that give back what nobody has changed since. */

import * as Y from "yjs";
import { sameValue } from "./canonical";
import { fieldCheck } from "./checks";
import { type CrdtDocument, placeOf, SceneDocument } from "./document";
import { firstOrder, place } from "./moves";
import { merge } from "./step-merger";
import { type Creation, type Move, type Path, type Step, samePlace, type ValueChange } from "./steps";
import { isWithin, ROOT } from "./tree";

/** What an undo or redo did: its own step, and the paths that others have changed since. */
export interface Outcome {
  readonly step: Step;
  readonly kept: readonly Path[];
  readonly label: string;
}

interface Entry {
  readonly step: Step;
  readonly label: string;
  readonly mergeKey: string | null;
}

export interface PushOptions {
  readonly label?: string;
  /** Consecutive steps with the same key become one (a drag). */
  readonly mergeKey?: string;
}

const LIMIT = 500;

export class UndoStack {
  readonly #document: CrdtDocument;
  readonly #clock: () => number;
  readonly #listeners = new Set<() => void>();
  #done: Entry[] = [];
  #undone: Entry[] = [];

  /** `clock` gives the milliseconds of trash marks. */
  constructor(document: CrdtDocument, clock: () => number = Date.now) {
    this.#document = document;
    this.#clock = clock;
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  get undoLabel(): string {
    return this.#done.at(-1)?.label ?? "";
  }

  get redoLabel(): string {
    return this.#undone.at(-1)?.label ?? "";
  }

  push(step: Step, { label = "", mergeKey }: PushOptions = {}): void {
    if (step.length === 0) return;
    this.#undone = [];
    const last = this.#done.at(-1);
    if (mergeKey !== undefined && last?.mergeKey === mergeKey) {
      this.#done.pop();
      step = merge(last.step, step);
    }
    if (step.length > 0) this.#done.push({ step, label, mergeKey: mergeKey ?? null });
    if (this.#done.length > LIMIT) this.#done.shift();
    this.#notify();
  }

  /** Ends a run of steps that merge: the next one stands alone whatever its key. */
  seal(): void {
    const last = this.#done.pop();
    if (last !== undefined) this.#done.push({ ...last, mergeKey: null });
  }

  undo(): Outcome | undefined {
    return this.#turn(this.#done, this.#undone);
  }

  redo(): Outcome | undefined {
    return this.#turn(this.#undone, this.#done);
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
    this.#notify();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** U4: the inverse step goes to the other side. */
  #turn(from: Entry[], to: Entry[]): Outcome | undefined {
    const entry = from.pop();
    if (entry === undefined) return undefined;
    const { step, kept } = revert(this.#document, entry.step, this.#clock());
    if (step.length > 0) to.push({ step, label: entry.label, mergeKey: null });
    this.#notify();
    return { step, kept, label: entry.label };
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** U3: one forward transaction that turns a step around where the document still is as the step left it; `at` marks trash. */
function revert(document: CrdtDocument, step: Step, at = Date.now()): { step: Step; kept: readonly Path[] } {
  const kept: Path[] = [];
  const inverse = document.transact(() => {
    for (const change of step) {
      if ("create" in change) revertCreation(document, change, at);
      else if ("path" in change && !revertValue(document, change)) kept.push(change.path);
    }
    const moves = step.filter((change): change is Move => "move" in change);
    if (document instanceof SceneDocument) kept.push(...revertMoves(document, moves));
  }, "undo");
  return { step: inverse, kept };
}

/** Trashes the record, where its kind can be trashed; others are left. */
function revertCreation(document: CrdtDocument, { create: [root, id] }: Creation, at: number): void {
  const record = document.record(root, id);
  if (record === undefined || fieldCheck(root, "trashed") === undefined || record.has("trashed")) return;
  record.set("trashed", { by: "", at });
  document.touchTree(root, id);
}

/** Writes `before` where the value is still `after`; false where it is not. Inside a transaction. */
export function revertValue(document: CrdtDocument, change: ValueChange): boolean {
  const map = containerOf(document, change.path);
  const key = change.path[change.path.length - 1] as string;
  if (map === undefined || !holds(map, key, change)) return false;
  if ("before" in change) map.set(key, change.before);
  else map.delete(key);
  document.touchTree(change.path[0] as string, change.path[1] as string);
  return true;
}

/** What stands at a path; undefined where there is nothing. */
export function valueAt(document: CrdtDocument, path: Path): { readonly value: unknown } | undefined {
  const map = containerOf(document, path);
  const key = path[path.length - 1] as string;
  return map?.has(key) ? { value: map.get(key) } : undefined;
}

/** Moves back what can be; a move that waits for another of the same step is tried again. Returns what was kept. */
export function revertMoves(scene: SceneDocument, moves: readonly Move[]): Path[] {
  let waiting = moves;
  for (let before = -1; waiting.length > 0 && waiting.length !== before; ) {
    before = waiting.length;
    waiting = waiting.filter((move) => !revertMove(scene, move));
  }
  return waiting.map(({ move }) => ["nodes", move, "parents"]);
}

function revertMove(scene: SceneDocument, { move, before, after }: Move): boolean {
  const tree = scene.tree();
  const now = placeOf(tree, move);
  if (now === undefined || !samePlace(now, after)) return false;
  if (before.parent !== ROOT && !tree.parent.has(before.parent)) return false;
  if (isWithin(tree, before.parent, move)) return false;
  place(scene, move, before.parent, before.order || firstOrder(tree));
  return true;
}

function containerOf(document: CrdtDocument, path: Path): Y.Map<unknown> | undefined {
  const [root, ...keys] = path.slice(0, -1) as [string, ...string[]];
  if (!document.roots.includes(root)) return undefined;
  let map: unknown = document.map(root);
  for (const key of keys) map = map instanceof Y.Map ? map.get(key) : undefined;
  return map instanceof Y.Map ? map : undefined;
}

/** Whether the value is as the change left it. */
function holds(map: Y.Map<unknown>, key: string, change: ValueChange): boolean {
  return "after" in change ? map.has(key) && sameValue(map.get(key), change.after) : !map.has(key);
}
