import { PerspectiveCamera, Scene, SphereGeometry, Vector3 } from "three";
import { afterEach, describe, expect, it } from "vitest";
import { SceneDocument } from "../document";
import { newId } from "../ids";
import * as lod from "../lod";
import * as nodes from "../nodes";
import { addMaterial, addMesh, setValue } from "../resources";
import { addRevision, setHead } from "../revisions";
import { SceneStore } from "../store";
import { applyPose } from "./camera";
import { SceneContent } from "./content";
import { rayThrough } from "./picking";
import type { GeometrySource } from "./sources";
import type { CameraPose, Vec3 } from "./types";

const NEAR: CameraPose = { position: [0, 0, 4], target: [0, 0, 0] };
const FAR: CameraPose = { position: [0, 0, 400], target: [0, 0, 0] };
const DEFAULTS = { mode: "auto", budget: 1e9 } as const;

/** A document with blobs in memory, drawn into a three.js scene that nobody renders. */
class Bench {
  readonly document = new SceneDocument();
  readonly store = new SceneStore(this.document);
  readonly scene = new Scene();
  readonly camera = new PerspectiveCamera(45, 1);
  readonly fetched: string[] = [];
  readonly problems: string[] = [];
  readonly shapes = new Map<string, GeometrySource>();
  readonly content = new SceneContent({
    scene: this.scene,
    store: this.store,
    blobs: { get: (hash) => this.fetch(hash) },
    decoder: {
      decode: async (bytes) => this.shapes.get(new TextDecoder().decode(bytes)) as GeometrySource,
      close: () => {},
    },
    textures: { maxSize: 4096, anisotropy: 1 },
    invalidate: () => {},
    problem: (_, hash) => this.problems.push(hash),
  });

  constructor() {
    this.store.subscribeAll((changed) => this.content.apply(changed));
    this.content.load();
  }

  private async fetch(hash: string): Promise<Uint8Array> {
    this.fetched.push(hash);
    if (!this.shapes.has(hash)) throw new Error("not_found");
    return new TextEncoder().encode(hash);
  }

  /** A ball of radius 1 of about so many triangles; returns its hash. */
  shape(segments: number, slot: string): string {
    const ball = new SphereGeometry(1, segments, segments);
    const hash = this.shapes.size.toString(16).padStart(64, "0");
    this.shapes.set(hash, {
      positions: ball.getAttribute("position").array as Float32Array,
      normals: ball.getAttribute("normal").array as Float32Array,
      texcoords: [],
      primitives: [{ slot, indices: Uint32Array.from(ball.index?.array ?? []) }],
    });
    return hash;
  }

  mesh(
    segments = 24,
    material: string | null = null,
    origin: Vec3 = [0, 0, 0],
  ): { id: string; revision: string; slot: string } {
    const slot = newId();
    const id = addMesh(this.document, {}, { slots: { [slot]: material } });
    const revision = this.revision(id, slot, segments, origin);
    return { id, revision, slot };
  }

  revision(mesh: string, slot: string, segments: number, origin: Vec3 = [0, 0, 0]): string {
    const geometry = this.shape(segments, slot);
    const triangles = (this.shapes.get(geometry)?.primitives[0]?.indices.length ?? 0) / 3;
    const revision = addRevision(this.document, {
      mesh,
      geometry,
      grid: -20,
      origin: [...origin],
      topology: newId(),
      parent: null,
      op: "import",
      absorbed: null,
      slots: [slot],
      positions: 1,
      vertices: 1,
      triangles,
      min: origin.map((o) => o - 1) as never,
      max: origin.map((o) => o + 1) as never,
      bytes: 1,
      by: "",
      at: 0,
    });
    setHead(this.document, mesh, revision);
    return revision;
  }

  level(mesh: { revision: string; slot: string }, level: number, segments: number): void {
    const geometry = this.shape(segments, mesh.slot);
    const triangles = (this.shapes.get(geometry)?.primitives[0]?.indices.length ?? 0) / 3;
    lod.putResult(this.document, mesh.revision, level, {
      geometry,
      triangles,
      vertices: 1,
      error: 0,
      state: "",
      bytes: 1,
    });
  }

  /** Draws until nothing is wished for any more. */
  async settle(pose: CameraPose = NEAR, policy: { mode: "auto" | number; budget: number } = DEFAULTS): Promise<void> {
    applyPose(this.camera, pose, null);
    do {
      this.content.update(this.camera, policy);
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.content.stream.pending > 0);
    this.content.update(this.camera, policy);
  }

  get batches(): number {
    return this.scene.children.filter((child) => "isInstancedMesh" in child && child.visible && child.renderOrder === 0)
      .length;
  }

  levelOf(node: string): number | undefined {
    return this.content.nodeStats().get(node)?.level;
  }
}

let bench: Bench;
const make = () => {
  bench = new Bench();
  return bench;
};
afterEach(() => bench.content.dispose());

describe("batches", () => {
  it("draw a thousand nodes of one mesh at once, and a moved one stays in it", async () => {
    const { document, content } = make();
    const mesh = bench.mesh(8);
    const ids = Array.from({ length: 1000 }, (_, i) =>
      nodes.add(document, { mesh: mesh.id, translation: [i % 30, 0, -Math.floor(i / 30)] }),
    );
    await bench.settle({ position: [0, 0, 900], target: [0, 0, 0] });
    expect(bench.batches).toBe(1);
    expect(content.triangles).toBe(1000 * (bench.store.mesh(mesh.id)?.revision?.triangles ?? 0));
    setValue(document, "nodes", ids[3] as string, "translation", [1, 2, 3]);
    await bench.settle({ position: [0, 0, 900], target: [0, 0, 0] });
    expect(bench.batches).toBe(1);
  });

  it("part by material override, by handedness, and for each node that blends", async () => {
    const { document } = make();
    const mesh = bench.mesh();
    const [red, glass] = [addMaterial(document), addMaterial(document, { alphaMode: "BLEND" })];
    nodes.add(document, { mesh: mesh.id });
    nodes.add(document, { mesh: mesh.id });
    await bench.settle();
    expect(bench.batches).toBe(1);
    nodes.add(document, { mesh: mesh.id, scale: [-1, 1, 1] });
    nodes.add(document, { mesh: mesh.id }, { materials: { [mesh.slot]: red } });
    await bench.settle();
    expect(bench.batches).toBe(3);
    setValue(document, "materials", red, "alphaMode", "BLEND");
    nodes.add(document, { mesh: mesh.id }, { materials: { [mesh.slot]: glass } });
    nodes.add(document, { mesh: mesh.id }, { materials: { [mesh.slot]: glass } });
    await bench.settle();
    expect(bench.batches).toBe(5);
  });

  it("leave out what is hidden, trashed or outside of the picture", async () => {
    const { document, content } = make();
    const mesh = bench.mesh();
    const [hidden, trashed] = [
      nodes.add(document, { mesh: mesh.id, visible: false }),
      nodes.add(document, { mesh: mesh.id }),
    ];
    nodes.trash(document, [trashed], "me");
    nodes.add(document, { mesh: mesh.id, translation: [0, 0, 50] });
    await bench.settle();
    expect(content.triangles).toBe(0);
    expect(bench.fetched).toEqual([]);
    setValue(document, "nodes", hidden, "visible", true);
    await bench.settle();
    expect(content.triangles).toBeGreaterThan(0);
  });

  it("keep digits for a geometry whose origin lies 500 km away", async () => {
    const { document, scene } = make();
    const origin: Vec3 = [500_000, 0, -300_000];
    const mesh = bench.mesh(24, null, origin);
    nodes.add(document, { mesh: mesh.id, translation: [0.125, 0, 0] });
    await bench.settle({ position: [500_000, 0, -299_996], target: origin });
    const batch = scene.children.find((child) => "isInstancedMesh" in child && child.renderOrder === 0);
    expect(new Vector3().setFromMatrixPosition(batch?.matrixWorld as never).toArray()).toEqual([
      500_000.125, 0, -300_000,
    ]);
  });
});

describe("levels", () => {
  it("from afar fetch and draw the coarsest only; near by the base replaces it", async () => {
    const { document } = make();
    const mesh = bench.mesh(48);
    bench.level(mesh, 1, 36);
    bench.level(mesh, 5, 8);
    const node = nodes.add(document, { mesh: mesh.id });
    await bench.settle(FAR);
    expect([bench.levelOf(node), bench.fetched.length]).toEqual([5, 1]);
    await bench.settle(NEAR);
    expect([bench.levelOf(node), bench.fetched.length]).toEqual([0, 2]);
    await bench.settle(FAR);
    expect([bench.levelOf(node), bench.fetched.length]).toEqual([5, 2]);
  });

  it("can be fixed for a preview, the next finer one standing in for a level that was not built", async () => {
    const { document } = make();
    const mesh = bench.mesh(48);
    bench.level(mesh, 2, 16);
    const node = nodes.add(document, { mesh: mesh.id });
    await bench.settle(NEAR, { mode: 3, budget: 1e9 });
    expect(bench.levelOf(node)).toBe(2);
    await bench.settle(FAR, { mode: 0, budget: 1 });
    expect(bench.levelOf(node)).toBe(0);
  });

  it("stay under the budget", async () => {
    const { document, content } = make();
    const mesh = bench.mesh(48);
    bench.level(mesh, 3, 8);
    for (let i = 0; i < 4; i++) nodes.add(document, { mesh: mesh.id, translation: [i * 0.1, 0, 0] });
    await bench.settle(NEAR, { mode: "auto", budget: 12_000 });
    expect(content.triangles).toBeLessThanOrEqual(12_000);
    expect(content.triangles).toBeGreaterThan(4_000);
  });

  it("of an earlier revision are not drawn, but the earlier shape stays until the new one is there", async () => {
    const { document } = make();
    const mesh = bench.mesh(32);
    bench.level(mesh, 5, 8);
    const node = nodes.add(document, { mesh: mesh.id });
    await bench.settle(FAR);
    expect(bench.levelOf(node)).toBe(5);
    bench.revision(mesh.id, mesh.slot, 20);
    applyPose(bench.camera, FAR, null);
    bench.content.update(bench.camera, DEFAULTS);
    expect(bench.content.triangles).toBeGreaterThan(0);
    await bench.settle(FAR);
    expect(bench.levelOf(node)).toBe(0);
  });

  it("report a blob that is not there, and leave the box", async () => {
    const { document } = make();
    const mesh = bench.mesh();
    bench.shapes.clear();
    const node = nodes.add(document, { mesh: mesh.id });
    await bench.settle();
    expect(bench.problems).toHaveLength(1);
    expect(bench.levelOf(node)).toBe(-1);
  });
});

describe("picking", () => {
  it("finds the nearest surface, not the nearest ball, and passes through locked nodes", async () => {
    const { document, content } = make();
    const mesh = bench.mesh(48);
    const front = nodes.add(document, { mesh: mesh.id, translation: [0, 0, 1], scale: [0.5, 0.5, 0.5] });
    const back = nodes.add(document, { mesh: mesh.id, translation: [0, 0, -2] });
    await bench.settle({ position: [0, 0, 8], target: [0, 0, 0] });
    const pick = (x: number, y: number) =>
      content.picker.pick(rayThrough(bench.camera, x, y, 100, 100), content.objects.drawables.values());
    const hit = pick(50, 50);
    expect([hit?.id, hit?.point.z]).toEqual([front, expect.closeTo(1.5, 2)]);
    expect(pick(59, 50)?.id).toBe(back);
    expect(pick(2, 2)).toBeNull();
    setValue(document, "nodes", front, "locked", true);
    expect(pick(50, 50)?.id).toBe(back);
  });
});
