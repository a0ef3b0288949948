/** Makes kept edits again, as one forward edit by value: what others have changed since stays theirs. */

import * as Y from "yjs";
import { sameValue } from "./canonical";
import { fieldCheck, fits, fitsEntry, isObject } from "./checks";
import { type CrdtDocument, SceneDocument } from "./document";
import { isId } from "./ids";
import type { KeptEdits, KeptRecord } from "./kept-edits";
import { firstOrder } from "./moves";
import { containersOf, isValueRoot, readValue } from "./records";
import { type Creation, type Move, ownerOf, type Path, type ValueChange } from "./steps";
import { ROOT } from "./tree";
import { revertMoves, revertValue, valueAt } from "./undo";

export interface Again {
  /** Changes that stand now, those that stood already included. */
  readonly done: number;
  /** What others have changed since, or what is gone: left as it is. */
  readonly theirs: readonly Path[];
  /** What the schema refuses. */
  readonly unfit: readonly Path[];
}

/** One transaction; wrap it in an edit to make it undoable. */
export function applyAgain(document: CrdtDocument, { step, made }: KeptEdits): Again {
  const theirs: Path[] = [];
  const unfit: Path[] = [];
  document.transact(() => {
    for (const change of step) {
      if ("create" in change && !create(document, change, made[ownerOf(change)])) unfit.push(change.create);
    }
    for (const change of step) {
      if (!("path" in change)) continue;
      if (!fitsPath(change)) unfit.push(change.path);
      else if (!write(document, change)) theirs.push(change.path);
    }
    const moves = step.filter((change): change is Move => "move" in change);
    if (document instanceof SceneDocument) theirs.push(...revertMoves(document, moves.map(turned)));
  });
  return { done: step.length - theirs.length - unfit.length, theirs, unfit };
}

function turned({ move, before, after }: Move): Move {
  return { move, before: after, after: before };
}

function write(document: CrdtDocument, { path, ...values }: ValueChange): boolean {
  const current = valueAt(document, path);
  if (current !== undefined && "after" in values && sameValue(current.value, values.after)) return true;
  const turnedAround = {
    path,
    ...("after" in values ? { before: values.after } : {}),
    ...("before" in values ? { after: values.before } : {}),
  };
  return revertValue(document, turnedAround);
}

/** Whether the schema has a place for the value; a key may always go. */
function fitsPath({ path, ...values }: ValueChange): boolean {
  const [root = "", id = "", key, entry] = path;
  if (!("after" in values)) return true;
  if (root === "meta") return fitsField(root, id, values.after);
  if (key === undefined) return isValueRoot(root) && readValue(root, values.after) !== undefined;
  return entry === undefined ? fitsField(root, key, values.after) : fitsEntry(root, key, entry, values.after, "write");
}

function fitsField(root: string, key: string, value: unknown): boolean {
  const check = fieldCheck(root, key);
  return check !== undefined && fits(check, value);
}

/** Makes a record unless it is there; false where it cannot be made. What does not fit of it is left out. */
function create(document: CrdtDocument, { create: [root, id] }: Creation, made: KeptEdits["made"][string] | undefined) {
  if (made === undefined || !document.roots.includes(root)) return false;
  if (document.map(root).has(id)) return true;
  if ("value" in made) return createValue(document, root, id, made.value);
  if (!isId(id) || !isObject(made.fields)) return false;
  document.map(root).set(id, recordOf(document, root, made));
  document.touchTree(root, id);
  return true;
}

function createValue(document: CrdtDocument, root: string, id: string, value: unknown): boolean {
  if (!isValueRoot(root) || readValue(root, value) === undefined) return false;
  document.map(root).set(id, value);
  return true;
}

function recordOf(document: CrdtDocument, root: string, made: KeptRecord): Y.Map<unknown> {
  const fields = Object.entries(made.fields).filter(([key, value]) => fitsField(root, key, value));
  const containers = containersOf(root).map((name): [string, unknown] => [
    name,
    new Y.Map(name === "parents" ? [edgeOf(document, made)] : entriesOf(root, name, made)),
  ]);
  return new Y.Map([...fields, ...containers]);
}

function entriesOf(root: string, name: string, made: KeptRecord): [string, unknown][] {
  return Object.entries(made.containers[name] ?? {}).filter(([key, value]) =>
    fitsEntry(root, name, key, value, "write"),
  );
}

/** Below the parent that it had; where that is gone, at the root. */
function edgeOf(document: CrdtDocument, { place }: KeptRecord): [string, unknown] {
  const scene = document as SceneDocument;
  const order = place?.order || firstOrder(scene.tree());
  const parent = place?.parent ?? ROOT;
  return [parent === ROOT || isId(parent) ? parent : ROOT, [1, order]];
}
