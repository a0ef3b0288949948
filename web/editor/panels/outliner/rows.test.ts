import { SceneDocument } from "@core/document";
import { add, trash } from "@core/nodes";
import { SceneStore } from "@core/store";
import { beforeEach, expect, test } from "vitest";
import { dropAt, ROW_HEIGHT } from "./drop";
import { ancestorsOf, type OutlineRow, outlineRows, topmost } from "./rows";

/** a ─ b ─ c; a ─ d; e */
let store: SceneStore;
const ids: Record<string, string> = {};

beforeEach(() => {
  const scene = new SceneDocument();
  store = new SceneStore(scene);
  const put = (name: string, parent?: string) => {
    ids[name] = add(scene, { name }, parent ? { parent: ids[parent] as string } : {});
  };
  put("a");
  put("b", "a");
  put("c", "b");
  put("d", "a");
  put("e");
});

const id = (name: string) => ids[name] as string;
const names = (rows: readonly OutlineRow[]) => rows.map((row) => `${" ".repeat(row.depth)}${store.node(row.id)?.name}`);

test("shows what is open", () => {
  expect(names(outlineRows(store, new Set(), ""))).toEqual(["a", "e"]);
  expect(names(outlineRows(store, new Set([id("a")]), ""))).toEqual(["a", " b", " d", "e"]);
  expect(names(outlineRows(store, new Set([id("a"), id("b")]), ""))).toEqual(["a", " b", "  c", " d", "e"]);
});

test("what is trashed is not shown", () => {
  trash(store.document, [id("b")], "me");
  expect(names(outlineRows(store, new Set([id("a")]), ""))).toEqual(["a", " d", "e"]);
});

test("a filter shows matches with what leads to them", () => {
  const rows = outlineRows(store, new Set(), "C");
  expect(names(rows)).toEqual(["a", " b", "  c"]);
  expect(rows.map((row) => row.passing)).toEqual([true, true, false]);
});

test("ancestors and topmost nodes", () => {
  expect(ancestorsOf(store, id("c"))).toEqual([id("b"), id("a")]);
  expect(topmost(store, [id("c"), id("a"), id("e")])).toEqual([id("a"), id("e")]);
});

const y = (index: number, part: number) => (index + part) * ROW_HEIGHT;

test("a drop goes before, into or after a row", () => {
  const rows = outlineRows(store, new Set([id("a")]), "");
  const at = (index: number, part: number) => dropAt(store, rows, [id("e")], y(index, part));
  expect(at(1, 0.1)).toMatchObject({ parent: id("a"), before: id("b") });
  expect(at(1, 0.5)).toMatchObject({ parent: id("b"), before: null });
  expect(at(1, 0.9)).toMatchObject({ parent: id("a"), before: id("d") });
  expect(at(2, 0.9)).toMatchObject({ parent: id("a"), before: null });
  expect(at(0, 0.9)).toMatchObject({ parent: id("a"), before: id("b") });
  expect(at(9, 0.5)).toMatchObject({ parent: "root", before: null });
});

test("nothing is dropped into itself or what is below it", () => {
  const rows = outlineRows(store, new Set([id("a")]), "");
  expect(dropAt(store, rows, [id("a")], y(1, 0.5))).toBeNull();
  expect(dropAt(store, rows, [id("a")], y(0, 0.5))).toBeNull();
});

test("before itself means before the next that stays", () => {
  const rows = outlineRows(store, new Set([id("a")]), "");
  expect(dropAt(store, rows, [id("b")], y(1, 0.1))).toMatchObject({ parent: id("a"), before: id("d") });
});
