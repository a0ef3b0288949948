import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as Y from "yjs";
import { SceneDocument } from "./document";
import { add, trash } from "./nodes";
import { splitUpdate } from "./update-split";

interface Case {
  readonly name: string;
  readonly limit: number;
  readonly update: string;
  readonly parts: readonly string[];
}

const CASES = JSON.parse(readFileSync(new URL("../../tests/vectors/split.json", import.meta.url), "utf8")) as Case[];
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

test.each(CASES)("an update falls into the same parts as in Python: $name", ({ limit, update, parts }) => {
  expect(splitUpdate(bytes(update), limit).map(hex)).toEqual(parts);
});

test("parts applied one by one give the whole, with what was deleted, and none waits for another", () => {
  const scene = new SceneDocument();
  const nodes = Array.from({ length: 200 }, (_, i) => add(scene, { name: `Node ${i} \u{1f5ff}` }));
  const other = scene.fork();
  for (const node of nodes) other.set("nodes", node, "translation", [1, 2, 3]);
  for (const node of nodes) other.set("nodes", node, "name", "again");
  trash(other, nodes.slice(50), "ada", 1);
  const whole = other.update();
  const parts = splitUpdate(whole, 2000);
  expect(parts.length).toBeGreaterThan(5);
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(2500);
  const joined = new SceneDocument();
  for (const part of parts) {
    joined.apply(part);
    expect(joined.doc.store.pendingStructs).toBeNull();
  }
  expect([joined.canonical(), joined.deleteSet()]).toEqual([other.canonical(), other.deleteSet()]);
});

test("what is small enough stays as it is", () => {
  const update = Y.encodeStateAsUpdate(new Y.Doc());
  expect(splitUpdate(update, 2)).toEqual([update]);
});
