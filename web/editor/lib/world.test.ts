import type { NodeSnapshot } from "@core/store";
import { expect, test } from "vitest";
import { toWorld } from "./world";

const REST = { translation: [0, 0, 0], rotation: [0, 0, 0, 1], scale: [1, 1, 1], parent: "root" };
const half = Math.SQRT1_2;

test("a point goes through scale, rotation and translation of all its ancestors", () => {
  const nodes = new Map<string, unknown>([
    ["a", { ...REST, translation: [10, 0, 0], rotation: [0, half, 0, half] }],
    ["b", { ...REST, translation: [0, 2, 0], scale: [3, 3, 3], parent: "a" }],
  ]);
  const source = { node: (id: string) => nodes.get(id) as NodeSnapshot | undefined };
  const [x, y, z] = toWorld(source, "b", [0, 0, -1]);
  expect(x).toBeCloseTo(7);
  expect(y).toBeCloseTo(2);
  expect(z).toBeCloseTo(0);
});
