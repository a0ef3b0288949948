/** The cases of tests/vectors/, which Python passes too. */

import { readFileSync } from "node:fs";
import { fromBase64 } from "lib0/buffer";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { dumps } from "./canonical";
import { fieldCheck, fits, fitsEntry } from "./checks";
import { type CrdtDocument, checkEntry, checkField, SceneDocument, SessionDocument } from "./document";
import { place } from "./moves";
import { restore, trash } from "./nodes";
import { between } from "./ordering";
import { containersOf, type RecordRoot, readValue } from "./records";
import { setEntry } from "./resources";
import type { Change, Step } from "./steps";
import { effectiveTree, type TreeNode } from "./tree";
import { edgesOf } from "./tree-edges";
import { UndoStack } from "./undo";
import { validate } from "./validation";

// biome-ignore lint/suspicious/noExplicitAny: the files' shapes are described beside their sources.
type Json = any;

function vectors(name: string): Json {
  return JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}.json`, import.meta.url), "utf8"));
}

describe("D8: canonical JSON", () => {
  const { values, binaries, documents } = vectors("canonical");
  test.each(values as Json[])("$text", ({ value, text }) => expect(dumps(value)).toBe(text));
  test.each(binaries as Json[])("$text", ({ bytes, text }) => expect(dumps(Uint8Array.from(bytes))).toBe(text));
  test.each(documents as Json[])("document $hash", ({ update, canonical, hash, deleteSet }) => {
    const scene = new SceneDocument();
    scene.apply(fromBase64(update));
    expect(scene.canonical()).toBe(canonical);
    expect(scene.hash()).toBe(hash);
    expect(scene.deleteSet()).toEqual(deleteSet);
  });
});

describe("T9: order keys", () => {
  const { between: plain, jitter, refused, appends, prepends } = vectors("ordering");
  test.each([...plain, ...jitter] as Json[])("$a … $b", ({ a, b, key, jitter: digits }) => {
    expect(between(a, b, digits === undefined ? null : () => digits)).toBe(key);
  });
  test.each(refused as Json[])("nothing between $a and $b", ({ a, b, code }) => {
    expect(() => between(a, b)).toThrow(expect.objectContaining({ code }));
  });
  test.each([
    [appends, (key: string | null) => between(key, null, null)],
    [prepends, (key: string | null) => between(null, key, null)],
  ] as const)("ten thousand in a row stay short", ({ count, last, longest }: Json, next) => {
    let key: string | null = null;
    let found = 0;
    for (let i = 0; i < count; i++) {
      key = next(key);
      found = Math.max(found, key.length);
    }
    expect([key, found]).toEqual([last, longest]);
  });
});

describe("T1–T5: the effective tree", () => {
  test.each(vectors("tree") as Json[])("$name", ({ nodes, parent, order, children, hidden }) => {
    const entries = Object.entries(nodes as Json).map(([id, { parents, trashed }]: Json): [string, TreeNode] => [
      id,
      { edges: edgesOf(id, Object.entries(parents)), trashed },
    ]);
    const tree = effectiveTree(new Map(entries));
    expect(Object.fromEntries(tree.parent)).toEqual(parent);
    expect(Object.fromEntries(tree.order)).toEqual(order);
    expect(Object.fromEntries(tree.children)).toEqual(children);
    expect([...tree.hidden].sort()).toEqual(hidden);
  });
});

describe("T6: moves", () => {
  test.each(vectors("moves") as Json[])("$name", ({ nodes, move, refused, after }) => {
    const records = Object.entries(nodes as Json).map(([id, parents]) => [id, { parents }]);
    const scene = build(new SceneDocument(), { nodes: Object.fromEntries(records) });
    const [node, parent, order] = move;
    if (refused === null) place(scene, node, parent, order);
    else expect(() => place(scene, node, parent, order)).toThrow(expect.objectContaining({ code: refused }));
    for (const [id, parents] of Object.entries(after as Json))
      expect(scene.read("nodes", id)?.parents).toEqual(parents);
  });
});

describe("D6: checks", () => {
  const { fields, entries, values, reads, documents } = vectors("validation");
  const documentOf = (root: string) => (root === "jobs" ? new SessionDocument() : new SceneDocument());

  test.each(fields as Json[])("$root $key $value fits: $ok", ({ root, key, value, ok }) => {
    expect(fits(fieldCheck(root, key) ?? { enum: [] }, value)).toBe(ok);
    if (ok) checkField(root, key, value);
    else expect(() => checkField(root, key, value)).toThrow(expect.objectContaining({ code: "bad_value" }));
  });
  test.each(entries as Json[])("$root $container $key $value fits: $ok", ({ root, container, key, value, ok }) => {
    expect(fitsEntry(root, container, key, value, "read")).toBe(ok);
  });
  test.each(values as Json[])("$root $value fits: $ok", ({ root, value, ok }) => {
    expect(readValue(root, value) !== undefined).toBe(ok);
  });
  test.each(reads as Json[])("$root $record reads", ({ root, record, reads: expected }) => {
    const document = build(documentOf(root), { [root]: { [NAME]: record } });
    expect(document.read(root as RecordRoot, NAME)).toMatchObject(expected);
  });
  test.each(documents as Json[])("V1: $name", ({ content, issues }) => {
    const found = validate(build(new SceneDocument(), content)).map(({ code, path }) => [code, ...path]);
    expect(found.sort()).toEqual(issues);
  });
  test("a setting that nobody knows is not written", () => {
    expect(() => checkEntry("meshes", "lod", "profile", 1)).toThrow(expect.objectContaining({ code: "bad_value" }));
  });
});

describe("U: undo", () => {
  test.each(vectors("undo") as Json[])("$name", ({ clock, script, trace, canonical }) => {
    const scene = new SceneDocument();
    const stack = new UndoStack(scene, () => clock);
    const found = script.map((item: Json) => play(scene, stack, item));
    expect(found.map(sorted)).toEqual(trace.map(sorted));
    expect(scene.canonical()).toBe(canonical);
  });
});

const NAME = "a---------------";

function play(scene: SceneDocument, stack: UndoStack, item: Json): Json {
  if (item.do !== undefined) {
    const outcome = item.do === "undo" ? stack.undo() : stack.redo();
    return outcome ? { step: outcome.step, kept: outcome.kept } : null;
  }
  const mine = item.by === "me";
  const edit = () => {
    for (const [verb, ...values] of item.edits) VERBS[verb]?.(scene, ...values);
  };
  const step = scene.transact(edit, mine ? "local" : "remote");
  stack.push(step, item.mergeKey === undefined ? {} : { mergeKey: item.mergeKey });
  return mine ? { step } : null;
}

const VERBS: Readonly<Record<string, (scene: SceneDocument, ...values: Json[]) => void>> = {
  create: (scene, root, id, values) => {
    const empty = Object.fromEntries(containersOf(root).map((name) => [name, {}]));
    scene.map(root).set(id, toMap(root, { ...empty, ...values }));
    scene.touchTree(root, id);
  },
  put: (scene, root, id, value) => scene.map(root).set(id, value),
  set: (scene, root, id, key, value) => scene.set(root, id, key, value),
  entry: setEntry,
  place,
  trash,
  restore,
};

function sorted(item: { step?: Step; kept?: Json[] } | null): Json {
  const text = (value: unknown) => dumps(value);
  if (item === null) return null;
  return { step: item.step?.map((change: Change) => text(change)).sort(), kept: item.kept?.map(text).sort() };
}

/** A document with this content as a foreign writer would have made it: nothing is checked. */
function build<D extends CrdtDocument>(document: D, content: Record<string, Record<string, Json>>): D {
  document.transact(() => {
    for (const [root, entries] of Object.entries(content)) {
      for (const [id, value] of Object.entries(entries)) document.map(root).set(id, toMap(root, value));
    }
  }, "system");
  return document;
}

function toMap(root: string, value: Json): unknown {
  const isPlain = (item: Json) => typeof item === "object" && item !== null && !Array.isArray(item);
  if (!isPlain(value) || ["revisions", "lod", "meta"].includes(root)) return value;
  const nested = (key: string, item: Json) => containersOf(root).includes(key) && isPlain(item);
  return new Y.Map(
    Object.entries(value).map(([key, item]: Json) => [key, nested(key, item) ? new Y.Map(Object.entries(item)) : item]),
  );
}
