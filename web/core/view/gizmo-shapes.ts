/** The gizmo's looks: arrows, squares, rings and cubes in units of its own, coloured by axis, lit up under the pointer. */
import {
  BoxGeometry,
  type BufferGeometry,
  CircleGeometry,
  ConeGeometry,
  CylinderGeometry,
  DoubleSide,
  Group,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  PlaneGeometry,
  Quaternion,
  SphereGeometry,
  TorusGeometry,
  Vector3,
} from "three";
import type { Axis, Handle } from "./drag";
import type { Tool } from "./types";

export const AXIS_COLORS = [0xff5566, 0x7ed957, 0x4d8dff] as const;
const VIEW_COLOR = 0xe8ecf4;
const HOT_COLOR = 0xffd34d;

/** Where handles are, in gizmo units; hits are tested against the same numbers. */
export const SHAPE = {
  shaft: [0.16, 0.84],
  tip: 1.04,
  plane: [0.24, 0.44],
  ring: 0.92,
  viewRing: 1.12,
  center: 0.085,
} as const;

const AXES = [new Vector3(1, 0, 0), new Vector3(0, 1, 0), new Vector3(0, 0, 1)] as const;
const EVERY: readonly Axis[] = [0, 1, 2];

interface Part {
  readonly handle: Handle;
  readonly mesh: Mesh<BufferGeometry, MeshBasicMaterial>;
  readonly color: number;
  readonly opacity: number;
}

export class GizmoShapes {
  readonly group = new Group();
  /** What faces the camera instead of the frame: centre and outer ring. */
  private readonly facing = new Group();
  private readonly parts: Part[] = [];

  constructor(tool: Exclude<Tool, "select">) {
    this.group.add(this.facing);
    if (tool === "translate") this.translate();
    else if (tool === "rotate") this.rotate();
    else this.scale();
  }

  /** `facing`: the camera's orientation in the frame of the gizmo. */
  update(hot: Handle | null, dragging: boolean, facing: Quaternion): void {
    this.facing.quaternion.copy(facing);
    for (const part of this.parts) {
      const lit = hot !== null && sameHandle(hot, part.handle);
      part.mesh.material.color.setHex(lit ? HOT_COLOR : part.color);
      part.mesh.material.opacity = lit ? 1 : dragging ? part.opacity * 0.25 : part.opacity;
    }
  }

  dispose(): void {
    this.group.traverse((object) => {
      if (!(object instanceof Mesh)) return;
      object.geometry.dispose();
      object.material.dispose();
    });
  }

  private translate(): void {
    for (const axis of EVERY) {
      const handle: Handle = { tool: "translate", kind: "axis", axis };
      this.shaft(handle, axis);
      this.add(handle, along(axis, new ConeGeometry(0.052, 0.2, 20), 0.94), AXIS_COLORS[axis]);
      this.square({ tool: "translate", kind: "plane", axis }, axis);
    }
    this.add({ tool: "translate", kind: "view" }, new CircleGeometry(SHAPE.center, 28), VIEW_COLOR, 0.9, this.facing);
  }

  private scale(): void {
    for (const axis of EVERY) {
      const handle: Handle = { tool: "scale", kind: "axis", axis };
      this.shaft(handle, axis);
      this.add(handle, along(axis, new BoxGeometry(0.1, 0.1, 0.1), 0.92), AXIS_COLORS[axis]);
    }
    this.add({ tool: "scale", kind: "view" }, new BoxGeometry(0.14, 0.14, 0.14), VIEW_COLOR, 0.9);
  }

  private rotate(): void {
    this.group.add(occluder());
    for (const axis of EVERY) {
      const ring = new TorusGeometry(SHAPE.ring, 0.011, 6, 96).applyQuaternion(turnTo(axis, AXES[2]));
      this.add({ tool: "rotate", kind: "axis", axis }, ring, AXIS_COLORS[axis]);
    }
    const outer = new TorusGeometry(SHAPE.viewRing, 0.008, 6, 96);
    this.add({ tool: "rotate", kind: "view" }, outer, VIEW_COLOR, 0.45, this.facing);
  }

  private shaft(handle: Handle, axis: Axis): void {
    const [from, to] = SHAPE.shaft;
    this.add(
      handle,
      along(axis, new CylinderGeometry(0.013, 0.013, to - from, 10), (from + to) / 2),
      AXIS_COLORS[axis],
    );
  }

  private square(handle: Handle, axis: Axis): void {
    const [from, to] = SHAPE.plane;
    const middle = (from + to) / 2;
    const geometry = new PlaneGeometry(to - from, to - from).applyQuaternion(turnTo(axis, AXES[2]));
    const center = new Vector3(middle, middle, middle).setComponent(axis, 0);
    this.add(handle, geometry.translate(center.x, center.y, center.z), AXIS_COLORS[axis], 0.5);
  }

  private add(
    handle: Handle,
    geometry: BufferGeometry,
    color: number,
    opacity = 0.95,
    parent: Group = this.group,
  ): void {
    const material = new MeshBasicMaterial({ color, opacity, transparent: true, toneMapped: false, side: DoubleSide });
    const mesh = new Mesh(geometry, material);
    mesh.frustumCulled = false;
    parent.add(mesh);
    this.parts.push({ handle, mesh, color, opacity });
  }
}

export function sameHandle(a: Handle, b: Handle): boolean {
  const axis = (handle: Handle) => ("axis" in handle ? handle.axis : null);
  return a.tool === b.tool && a.kind === b.kind && axis(a) === axis(b);
}

/** Hides the far half of the rings. */
function occluder(): Mesh {
  const mesh = new Mesh(new SphereGeometry(SHAPE.ring * 0.985, 40, 24), new MeshBasicMaterial({ colorWrite: false }));
  mesh.renderOrder = -1;
  mesh.frustumCulled = false;
  return mesh;
}

function turnTo(axis: Axis, from: Vector3): Quaternion {
  return new Quaternion().setFromUnitVectors(from, AXES[axis]);
}

function along(axis: Axis, geometry: BufferGeometry, at: number): BufferGeometry {
  const matrix = new Matrix4().makeRotationFromQuaternion(turnTo(axis, AXES[1]));
  return geometry.translate(0, at, 0).applyMatrix4(matrix);
}
