import { Euler, Quaternion } from "three";
import { expect, test } from "vitest";
import { eulerFor, rotationFor } from "./euler-memory";
import { eulerOf, quaternionOf } from "./rotation";

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
