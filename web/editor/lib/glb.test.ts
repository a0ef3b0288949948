import { validateBytes } from "gltf-validator";
import { expect, test } from "vitest";
import { type GlbNode, writeGlb } from "./glb";
import { box, cylinder, plane, type Shape, sphere, torus } from "./shapes";

const GREY = { name: "Grey", colour: [0.5, 0.5, 0.5] } as const;

test("the Khronos validator finds no error", async () => {
  const shape = box();
  const nodes: GlbNode[] = [
    { name: "A", shape, material: 0, translation: [0, 1, 0] },
    {
      name: "B",
      children: [
        { name: "C", shape, material: 0 },
        { name: "D", shape: sphere(), material: 0 },
      ],
    },
  ];
  const report = await validateBytes(writeGlb(nodes, [GREY]));
  expect(report.issues.messages.filter(({ severity }) => severity < 2)).toEqual([]);
});

/** Six times the volume below a closed surface: negative when its triangles are turned inside out. */
function sixfoldVolume({ positions, indices }: Shape): number {
  const at = (index: number) => [0, 1, 2].map((axis) => positions[index * 3 + axis] ?? 0) as [number, number, number];
  let sum = 0;
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [at(indices[i] ?? 0), at(indices[i + 1] ?? 0), at(indices[i + 2] ?? 0)];
    sum += a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
  }
  return sum;
}

test.each([
  ["box", box(), 1, 1e-9],
  ["sphere", sphere(0.5, 96, 48), (4 / 3) * Math.PI * 0.125, 0.002],
  ["cylinder", cylinder(0.5, 1, 0.5, 96), Math.PI * 0.25, 0.002],
  ["torus", torus(0.4, 0.14, 128, 64), 2 * Math.PI ** 2 * 0.4 * 0.14 ** 2, 0.002],
] as const)("a %s encloses its volume, faces outside", (_name, shape, volume, tolerance) => {
  expect(Math.abs(sixfoldVolume(shape) / 6 - volume)).toBeLessThan(tolerance);
});

test.each([
  ["box", box()],
  ["sphere", sphere()],
  ["cylinder", cylinder()],
  ["plane", plane()],
  ["torus", torus()],
] as const)("a %s has unit normals on the side of its triangles, and indices within", (_name, shape) => {
  const vertices = shape.positions.length / 3;
  expect(Math.max(...shape.indices)).toBeLessThan(vertices);
  expect(shape.texcoords.length).toBe(vertices * 2);
  for (let i = 0; i < shape.normals.length; i += 3)
    expect(Math.hypot(...shape.normals.slice(i, i + 3))).toBeCloseTo(1, 6);
});
