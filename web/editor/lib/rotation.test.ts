import { Euler, Quaternion } from "three";
import { expect, test } from "vitest";
import { eulerFor, rotationFor } from "./euler-memory";
import { eulerOf, looking, quaternionOf } from "./rotation";

const ANGLES = [-170, -90, -35, 0, 20, 89, 130] as const;

test("quaternions agree with three's XYZ order", () => {
  for (const x of ANGLES) {
    for (const y of ANGLES) {
      const radians = [x, y, 40].map((angle) => (angle * Math.PI) / 180) as [number, number, number];
      const expected = new Quaternion().setFromEuler(new Euler(...radians, "XYZ"));
      const dot = quaternionOf([x, y, 40]).reduce((sum, value, i) => sum + value * (expected.toArray()[i] ?? 0), 0);
      expect(Math.abs(dot)).toBeCloseTo(1, 12);
    }
  }
});

test("angles read back as the same rotation", () => {
  for (const y of ANGLES) {
    const rotation = quaternionOf([25, y, -60]);
    const dot = quaternionOf(eulerOf(rotation)).reduce((sum, value, i) => sum + value * (rotation[i] ?? 0), 0);
    expect(Math.abs(dot)).toBeCloseTo(1, 6);
  }
});

test("angles that were typed stay as they were typed, until the rotation changes", () => {
  const rotation = rotationFor("node", [0, 100, 0]);
  expect(eulerFor("node", rotation)).toEqual([0, 100, 0]);
  expect(eulerFor("node", quaternionOf([0, 30, 0]))).toEqual([0, 30, 0]);
});

test("looking turns −Z into the direction and keeps the horizon level", () => {
  for (const direction of [
    [0, 0, -1],
    [3, 0, 0],
    [1, -2, 2],
    [-1, 1, 1],
  ] as const) {
    const [x, y, z, w] = looking(direction);
    const length = Math.hypot(...direction);
    const forward = [-2 * (x * z + w * y), -2 * (y * z - w * x), -(1 - 2 * (x * x + y * y))];
    for (const i of [0, 1, 2] as const) expect(forward[i]).toBeCloseTo(direction[i] / length);
    // The camera's right hand, +X, stays horizontal.
    expect(2 * (x * y + w * z)).toBeCloseTo(0);
  }
});
