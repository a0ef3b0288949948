/**
 * Batches: everything that shares geometry, materials and handedness is one InstancedMesh, one draw call a slot. Matrices
 * are float32 on the GPU, so each batch has an origin of its own in float64 and its members stand relative to it.
 */
import { InstancedMesh, type Material, Matrix4, type Scene, Vector3 } from "three";
import type { DrawGeometry } from "./geometries";

export interface Member {
  readonly id: string;
  /** Geometry to world, the revision's origin included; doubles. */
  readonly matrix: Matrix4;
  /** Grows when `matrix` changes. */
  readonly moves: number;
}

/** What `Batch` draws: a geometry with one material a group. */
export interface Look {
  readonly geometry: DrawGeometry;
  materials(): Material[];
}

const MIRROR = new Matrix4().makeScale(-1, 1, 1);
/** An instance is exact to 2^-24 of a cell; cells this many radii wide keep that below a tenth of a pixel on the screen. */
const CELL_RADII = 512;

/** Whether a matrix turns triangles inside out. */
export function isMirrored(matrix: Matrix4): boolean {
  return matrix.determinant() < 0;
}

/** Names the cube of space that a member shares with others of its batch. */
export function cellOf(center: Vector3, radius: number): string {
  const size = 2 ** Math.ceil(Math.log2(Math.max(radius, 1e-6) * CELL_RADII));
  return [center.x, center.y, center.z].map((c) => Math.round(c / size)).join(",");
}

export class Batch {
  private mesh: InstancedMesh;
  private members: readonly Member[] = [];
  private written: number[] = [];
  private readonly origin = new Vector3();

  constructor(
    private readonly scene: Scene,
    readonly look: Look,
    private readonly mirrored: boolean,
  ) {
    this.mesh = this.allocate(1);
  }

  get triangles(): number {
    return this.members.length * this.look.geometry.triangles;
  }

  get count(): number {
    return this.members.length;
  }

  refreshMaterials(): void {
    this.mesh.material = this.look.materials();
  }

  /** Draws exactly these; rewrites matrices only where something changed. */
  set(members: readonly Member[]): void {
    const same = members.length === this.members.length && members.every((member, i) => member === this.members[i]);
    if (same && members.length > 1) {
      this.writeMoved();
    } else if (!same || members[0]?.moves !== this.written[0]) {
      this.members = members.slice();
      this.writeAll();
    }
  }

  dispose(): void {
    this.scene.remove(this.mesh);
    this.mesh.dispose();
  }

  private writeAll(): void {
    const { members } = this;
    if (members.length > this.mesh.instanceMatrix.count) this.grow(members.length);
    this.mesh.count = members.length;
    if (members[0]) this.origin.setFromMatrixPosition(members[0].matrix);
    this.mesh.matrixWorld.makeTranslation(this.origin);
    if (this.mirrored) this.mesh.matrixWorld.multiply(MIRROR);
    this.written = members.map((member) => member.moves);
    members.forEach((member, index) => {
      this.write(member, index);
    });
    this.mesh.instanceMatrix.needsUpdate = true;
  }

  private writeMoved(): void {
    this.members.forEach((member, index) => {
      if (this.written[index] === member.moves) return;
      this.written[index] = member.moves;
      this.write(member, index);
      this.mesh.instanceMatrix.needsUpdate = true;
    });
  }

  private write(member: Member, index: number): void {
    const local = scratch.copy(member.matrix);
    const e = local.elements;
    local.setPosition(e[12] - this.origin.x, e[13] - this.origin.y, e[14] - this.origin.z);
    if (this.mirrored) local.premultiply(MIRROR);
    this.mesh.setMatrixAt(index, local);
  }

  private grow(count: number): void {
    this.dispose();
    this.mesh = this.allocate(Math.max(count, Math.ceil(this.mesh.instanceMatrix.count * 1.5)));
  }

  private allocate(count: number): InstancedMesh {
    const { geometry } = this.look;
    const mesh = new InstancedMesh(geometry.buffer, this.look.materials() as unknown as Material, count);
    mesh.frustumCulled = false;
    mesh.matrixAutoUpdate = false;
    mesh.matrixWorldAutoUpdate = false;
    this.scene.add(mesh);
    return mesh;
  }
}

const scratch = new Matrix4();

/** The batches of the scene by key; filled anew each frame, changed only where membership did. */
export class Batches {
  private readonly batches = new Map<string, Batch>();
  private next = new Map<string, { look: () => Look; mirrored: boolean; members: Member[] }>();
  private generation = 0;

  constructor(private readonly scene: Scene) {}

  add(key: string, member: Member, look: () => Look): void {
    const entry = this.next.get(key);
    if (entry) entry.members.push(member);
    else this.next.set(key, { look, mirrored: isMirrored(member.matrix), members: [member] });
  }

  /** Ends a frame's filling: makes, changes and drops batches. `generation`: of the materials. */
  commit(generation: number): { triangles: number; batches: number } {
    for (const [key, batch] of this.batches) if (!this.next.has(key)) this.drop(key, batch);
    let triangles = 0;
    for (const [key, entry] of this.next) {
      const batch = this.batches.get(key) ?? this.make(key, entry);
      if (generation !== this.generation) batch.refreshMaterials();
      batch.set(entry.members);
      triangles += batch.triangles;
    }
    this.next = new Map();
    this.generation = generation;
    return { triangles, batches: this.batches.size };
  }

  dispose(): void {
    for (const [key, batch] of this.batches) this.drop(key, batch);
  }

  private make(key: string, entry: { look: () => Look; mirrored: boolean }): Batch {
    const batch = new Batch(this.scene, entry.look(), entry.mirrored);
    this.batches.set(key, batch);
    return batch;
  }

  private drop(key: string, batch: Batch): void {
    batch.dispose();
    this.batches.delete(key);
  }
}
