/** The shapes of the Add menu: triangles counter-clockwise from outside, metres, +Y up, UVs v down. */
import type { Shape } from "./glb";

export type { Shape };

const empty = (): Shape => ({ positions: [], normals: [], texcoords: [], indices: [] });

/** A (rows + 1) × (columns + 1) grid of points; `point(u, v)` gives position and normal, u and v in 0…1. */
function sheet(
  columns: number,
  rows: number,
  point: (u: number, v: number) => { position: number[]; normal: number[] },
  shape = empty(),
): Shape {
  const first = shape.positions.length / 3;
  for (let row = 0; row <= rows; row++) {
    for (let column = 0; column <= columns; column++) {
      const [u, v] = [column / columns, row / rows];
      const { position, normal } = point(u, v);
      shape.positions.push(...position);
      shape.normals.push(...normal);
      shape.texcoords.push(u, v);
    }
  }
  const at = (row: number, column: number) => first + row * (columns + 1) + column;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [a, b, c, d] = [at(row, column), at(row + 1, column), at(row + 1, column + 1), at(row, column + 1)];
      shape.indices.push(a, b, c, a, c, d);
    }
  }
  return shape;
}

/** A box centred on the origin. */
export function box(width = 1, height = 1, depth = 1): Shape {
  const shape = empty();
  const half = [width / 2, height / 2, depth / 2];
  const faces: [number[], number[]][] = [
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
    [
      [-1, 0, 0],
      [0, 1, 0],
    ],
    [
      [0, 1, 0],
      [0, 0, -1],
    ],
    [
      [0, -1, 0],
      [0, 0, 1],
    ],
    [
      [0, 0, 1],
      [0, 1, 0],
    ],
    [
      [0, 0, -1],
      [0, 1, 0],
    ],
  ];
  for (const [normal, up] of faces) {
    const right = cross(up, normal);
    sheet(1, 1, (u, v) => ({ position: corner(normal, right, up, u, v, half), normal }), shape);
  }
  return shape;
}

function corner(normal: number[], right: number[], up: number[], u: number, v: number, half: number[]): number[] {
  return half.map((h, i) => h * ((normal[i] ?? 0) + (right[i] ?? 0) * (2 * u - 1) + (up[i] ?? 0) * (1 - 2 * v)));
}

function cross(a: number[], b: number[]): number[] {
  const [ax = 0, ay = 0, az = 0] = a;
  const [bx = 0, by = 0, bz = 0] = b;
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
}

/** A square in the ground plane, facing up. */
export function plane(size = 1): Shape {
  return sheet(1, 1, (u, v) => ({ position: [(u - 0.5) * size, 0, (v - 0.5) * size], normal: [0, 1, 0] }));
}

export function sphere(radius = 0.5, columns = 48, rows = 24): Shape {
  const shape = sheet(columns, rows, (u, v) => {
    const normal = round([
      -Math.cos(u * 2 * Math.PI) * Math.sin(v * Math.PI),
      Math.cos(v * Math.PI),
      Math.sin(u * 2 * Math.PI) * Math.sin(v * Math.PI),
    ]);
    return { position: normal.map((n) => n * radius), normal };
  });
  return withoutSlivers(shape);
}

/** Stands on its middle; `top` and `bottom` are radii. */
export function cylinder(bottom = 0.5, height = 1, top = bottom, columns = 48): Shape {
  const slope = (bottom - top) / height;
  const length = Math.hypot(1, slope);
  const ring = (u: number) => [-Math.cos(u * 2 * Math.PI), Math.sin(u * 2 * Math.PI)] as const;
  const shape = sheet(columns, 1, (u, v) => {
    const [x, z] = ring(u);
    const radius = top + (bottom - top) * v;
    return {
      position: round([x * radius, height * (0.5 - v), z * radius]),
      normal: [x / length, slope / length, z / length],
    };
  });
  for (const [radius, side] of [
    [top, 1],
    [bottom, -1],
  ] as const)
    cap(shape, radius, (side * height) / 2, side, columns, ring);
  return shape;
}

function cap(
  shape: Shape,
  radius: number,
  y: number,
  side: 1 | -1,
  columns: number,
  ring: (u: number) => readonly [number, number],
): void {
  if (radius === 0) return;
  const centre = shape.positions.length / 3;
  const push = (x: number, z: number) => {
    shape.positions.push(...round([x * radius, y, z * radius]));
    shape.normals.push(0, side, 0);
    shape.texcoords.push(0.5 + x / 2, 0.5 + (side * z) / 2);
  };
  push(0, 0);
  for (let i = 0; i <= columns; i++) push(...ring(i / columns));
  for (let i = 1; i <= columns; i++) {
    const [a, b] = side > 0 ? [centre + i, centre + i + 1] : [centre + i + 1, centre + i];
    shape.indices.push(centre, a, b);
  }
}

/** A ring around Y. */
export function torus(radius = 0.4, tube = 0.14, columns = 64, rows = 24): Shape {
  return sheet(columns, rows, (u, v) => {
    const [a, b] = [u * 2 * Math.PI, v * 2 * Math.PI];
    const normal = round([-Math.cos(a) * Math.cos(b), -Math.sin(b), Math.sin(a) * Math.cos(b)]);
    const [nx = 0, ny = 0, nz = 0] = normal;
    return {
      position: round([-Math.cos(a) * radius + nx * tube, ny * tube, Math.sin(a) * radius + nz * tube]),
      normal,
    };
  });
}

/** The poles of a sphere are rows of one point: their triangles without area go. */
function withoutSlivers(shape: Shape): Shape {
  const key = (i: number) => shape.positions.slice(i * 3, i * 3 + 3).join();
  const indices: number[] = [];
  for (let i = 0; i < shape.indices.length; i += 3) {
    const triangle = shape.indices.slice(i, i + 3);
    if (new Set(triangle.map(key)).size === 3) indices.push(...triangle);
  }
  return { ...shape, indices };
}

/** So that a seam's two ends are the same point, not 1e-17 apart. */
function round(values: number[]): number[] {
  return values.map((value) => Math.round(value * 1e9) / 1e9 + 0);
}
