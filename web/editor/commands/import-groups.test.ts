import { expect, test } from "vitest";
import { importGroups } from "./import-groups";

const dropped = (...paths: string[]) => paths.map((path) => ({ path, file: new File([], path) }));
const paths = (names: string[]) => importGroups(dropped(...names)).map(({ files }) => files.map(({ path }) => path));

test("each model is an import of its own", () => {
  expect(paths(["bunny.stl", "Duck.glb"])).toEqual([["bunny.stl"], ["Duck.glb"]]);
});

test("a model that names other files takes them along, and stands first", () => {
  expect(paths(["a/wood.png", "a/chair.mtl", "a/chair.obj", "a/Duck.glb"])).toEqual([
    ["a/chair.obj", "a/wood.png", "a/chair.mtl"],
    ["a/Duck.glb"],
  ]);
});

test("without a model there is nothing to import", () => {
  expect(paths(["wood.png", "notes.txt"])).toEqual([]);
});
