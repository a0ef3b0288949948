import { readFileSync } from "node:fs";
import { fromBase64 } from "lib0/buffer";
import { expect, test } from "vitest";
import { InvalidGeometry } from "./errors";
import { decodeGeometry, type Geometry, transferables } from "./geometry";
import { GeometryPool, type PoolWorker, type WorkerAnswer, type WorkerRequest } from "./geometry-pool";

interface Case {
  name: string;
  blob: string;
  grid: number;
  origin: number[];
  positionCount: number;
  vertices: number;
  min: number[];
  max: number[];
  primitives: { slot: string; triangles: number; first: number[] }[];
  positionIds: number[];
  positions: number[];
  positionSum: number;
  texcoord: number[];
  color: number[];
  normal: number[];
}

/** Blobs that compute/codec.py wrote: a small one that stays plain and a compressed one. */
const cases: Case[] = JSON.parse(readFileSync(new URL("./geometry.vectors.json", import.meta.url), "utf8"));
const bytesOf = (name: string) => fromBase64(cases.find((found) => found.name === name)?.blob ?? "");

test.each(cases)("the blob is read as it was written: $name", async (expected) => {
  const geometry = await decodeGeometry(fromBase64(expected.blob));
  expect(geometry).toMatchObject({
    grid: expected.grid,
    origin: expected.origin,
    positionCount: expected.positionCount,
  });
  expect(geometry.positions.length).toBe(expected.vertices * 3);
  expect([...geometry.positions.slice(0, 12)]).toEqual(expected.positions);
  expect(geometry.positions.reduce((sum, value) => sum + value, 0)).toBeCloseTo(expected.positionSum, 6);
  expect([...geometry.positionIds.slice(0, 8)]).toEqual(expected.positionIds);
  expect([...(geometry.texcoords[0]?.slice(2, 4) ?? [])]).toEqual(expected.texcoord);
  expect([...(geometry.colors?.slice(0, 4) ?? [])]).toEqual(expected.color);
  geometry.normals?.slice(0, 3).forEach((value, i) => {
    expect(value).toBeCloseTo(expected.normal[i] as number, 2);
  });
  expect(geometry.normals?.length).toBe(geometry.positions.length);
  expect([geometry.min, geometry.max]).toEqual([expected.min, expected.max]);
  const found = geometry.primitives.map(({ slot, indices }) => ({ slot, triangles: indices.length / 3 }));
  expect(found).toEqual(expected.primitives.map(({ slot, triangles }) => ({ slot, triangles })));
});

test("buffers that are handed over stand alone", async () => {
  const geometry = await decodeGeometry(bytesOf("plain"));
  const buffers = transferables(geometry);
  expect(new Set(buffers).size).toBe(buffers.length);
  expect(structuredClone(geometry, { transfer: buffers }).positions.length).toBeGreaterThan(0);
  expect(geometry.positions.length).toBe(0);
});

test("whatever the bytes are, the error is ours", async () => {
  const good = bytesOf("compressed");
  const broken = [new Uint8Array(), good.slice(0, 30), good.slice(0, good.length / 2), new Uint8Array(500)];
  for (const bytes of broken) await expect(decodeGeometry(bytes)).rejects.toThrow(InvalidGeometry);
  let refused = 0;
  for (let at = 20; at < good.length; at += 37) {
    const bytes = good.slice();
    bytes[at] = (bytes[at] as number) ^ 0xff;
    const error = await decodeGeometry(bytes).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error !== null) expect(error).toBeInstanceOf(InvalidGeometry);
    if (error !== null) refused++;
  }
  expect(refused).toBeGreaterThan(10);
});

class FakeWorker implements PoolWorker {
  onmessage: ((event: MessageEvent<WorkerAnswer>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  terminated = false;
  task: WorkerRequest | null = null;

  postMessage(message: WorkerRequest): void {
    this.task = message;
  }

  terminate(): void {
    this.terminated = true;
  }

  answer(): number | undefined {
    const size = this.task?.bytes.length;
    this.onmessage?.({ data: { geometry: {} as Geometry } } as MessageEvent<WorkerAnswer>);
    return size;
  }
}

function poolOf(size: number) {
  const workers: FakeWorker[] = [];
  const pool = new GeometryPool(() => {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  }, size);
  return { pool, workers };
}

test("the most wanted goes first, equal ones in turn", () => {
  const { pool, workers } = poolOf(1);
  [1, 2, 3, 4].forEach((size, i) => void pool.decode(new Uint8Array(size), { priority: [0, 1, 5, 1][i] as number }));
  expect([1, 2, 3, 4].map(() => workers[0]?.answer())).toEqual([1, 3, 2, 4]);
  expect(workers.length).toBe(1);
});

test("what nobody waits for any more is not begun", async () => {
  const { pool, workers } = poolOf(1);
  void pool.decode(new Uint8Array(1));
  const abort = new AbortController();
  const second = pool.decode(new Uint8Array(2), { signal: abort.signal });
  void pool.decode(new Uint8Array(3));
  abort.abort();
  await expect(second).rejects.toThrow("abort");
  expect([workers[0]?.answer(), workers[0]?.answer()]).toEqual([1, 3]);
});

test("a worker that breaks fails its own task only", async () => {
  const { pool, workers } = poolOf(1);
  const first = pool.decode(new Uint8Array(1));
  const second = pool.decode(new Uint8Array(2));
  workers[0]?.onerror?.({ message: "out of memory" } as ErrorEvent);
  await expect(first).rejects.toThrow("out of memory");
  workers[1]?.answer();
  await expect(second).resolves.toBeDefined();
  expect(workers[0]?.terminated).toBe(true);
});
