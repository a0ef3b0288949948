/** Which handle of the gizmo lies under a pixel: distances on the screen, so that thin lines are easy to catch. */
import type { PerspectiveCamera, Ray, Vector3 } from "three";
import { type Axis, axisOf, type Frame, type Handle, onPlane } from "./drag";
import { SHAPE } from "./gizmo-shapes";
import type { Tool } from "./types";

const EVERY: readonly Axis[] = [0, 1, 2];
const RING_STEPS = 72;

export interface HitContext {
  readonly frame: Frame;
  /** Metres per gizmo unit. */
  readonly size: number;
  readonly camera: PerspectiveCamera;
  readonly width: number;
  readonly height: number;
  /** Pixels that a pointer may miss a line by. */
  readonly slop: number;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

export function hitHandle(tool: Tool, context: HitContext, at: Spot, ray: Ray): Handle | null {
  if (tool === "translate") return hitTranslate(context, at, ray);
  if (tool === "scale") return hitScale(context, at);
  return tool === "rotate" ? hitRotate(context, at) : null;
}

/** A world point in pixels from the top left. */
export function project(
  context: Pick<HitContext, "camera" | "width" | "height">,
  point: Vector3,
): Spot & { behind: boolean } {
  const { camera, width, height } = context;
  const view = point.clone().applyMatrix4(camera.matrixWorldInverse);
  const clip = view.clone().applyMatrix4(camera.projectionMatrix);
  return { x: ((clip.x + 1) / 2) * width, y: ((1 - clip.y) / 2) * height, behind: view.z >= 0 };
}

function hitTranslate(context: HitContext, at: Spot, ray: Ray): Handle | null {
  if (nearCenter(context, at)) return { tool: "translate", kind: "view" };
  const axis = nearestAxis(context, at);
  if (axis !== null) return { tool: "translate", kind: "axis", axis };
  const plane = EVERY.find((candidate) => inSquare(context, candidate, ray));
  return plane === undefined ? null : { tool: "translate", kind: "plane", axis: plane };
}

function hitScale(context: HitContext, at: Spot): Handle | null {
  if (nearCenter(context, at)) return { tool: "scale", kind: "view" };
  const axis = nearestAxis(context, at);
  return axis === null ? null : { tool: "scale", kind: "axis", axis };
}

function hitRotate(context: HitContext, at: Spot): Handle | null {
  const rings = EVERY.map((axis) => ({ axis, miss: missOfRing(context, at, axis) })).sort((a, b) => a.miss - b.miss);
  const best = rings[0];
  if (best && best.miss <= context.slop) return { tool: "rotate", kind: "axis", axis: best.axis };
  const center = project(context, context.frame.pivot);
  const unit = pixelsPerUnit(context);
  const miss = Math.abs(Math.hypot(at.x - center.x, at.y - center.y) - unit * SHAPE.viewRing);
  return miss <= context.slop ? { tool: "rotate", kind: "view" } : null;
}

function pixelsPerUnit(context: HitContext): number {
  const { camera, frame, height, size } = context;
  const depth = camera.position.distanceTo(frame.pivot);
  return (size / (2 * depth * Math.tan((camera.fov * Math.PI) / 360))) * height;
}

function nearCenter(context: HitContext, at: Spot): boolean {
  const center = project(context, context.frame.pivot);
  return Math.hypot(at.x - center.x, at.y - center.y) <= Math.max(context.slop, pixelsPerUnit(context) * SHAPE.center);
}

function nearestAxis(context: HitContext, at: Spot): Axis | null {
  let best: { axis: Axis; miss: number } | null = null;
  for (const axis of EVERY) {
    const from = project(context, onAxis(context, axis, SHAPE.shaft[0]));
    const to = project(context, onAxis(context, axis, SHAPE.tip));
    if (Math.hypot(to.x - from.x, to.y - from.y) < 14) continue;
    const miss = missOfSegment(at, from, to);
    if (miss <= context.slop && (!best || miss < best.miss)) best = { axis, miss };
  }
  return best?.axis ?? null;
}

function onAxis(context: HitContext, axis: Axis, units: number): Vector3 {
  return axisOf(context.frame, axis)
    .multiplyScalar(units * context.size)
    .add(context.frame.pivot);
}

function inSquare(context: HitContext, axis: Axis, ray: Ray): boolean {
  const normal = axisOf(context.frame, axis);
  if (Math.abs(normal.dot(ray.direction)) < 0.08) return false;
  const at = onPlane(ray, context.frame.pivot, normal);
  if (!at) return false;
  const [from, to] = SHAPE.plane;
  return EVERY.filter((other) => other !== axis).every((other) => {
    const along = at.dot(axisOf(context.frame, other)) / context.size;
    return along >= from - 0.04 && along <= to + 0.04;
  });
}

/** Pixels to the half of a ring that faces the camera. */
function missOfRing(context: HitContext, at: Spot, axis: Axis): number {
  const [u, v] = EVERY.filter((other) => other !== axis).map((other) => axisOf(context.frame, other)) as [
    Vector3,
    Vector3,
  ];
  const toCamera = context.camera.position.clone().sub(context.frame.pivot).normalize();
  let best = Number.POSITIVE_INFINITY;
  let before: Spot | null = null;
  for (let step = 0; step <= RING_STEPS; step++) {
    const angle = (step / RING_STEPS) * 2 * Math.PI;
    const arm = u.clone().multiplyScalar(Math.cos(angle)).addScaledVector(v, Math.sin(angle));
    const point = project(
      context,
      arm
        .clone()
        .multiplyScalar(SHAPE.ring * context.size)
        .add(context.frame.pivot),
    );
    const front = arm.dot(toCamera) > -0.05;
    if (front && before) best = Math.min(best, missOfSegment(at, before, point));
    before = front ? point : null;
  }
  return best;
}

function missOfSegment(at: Spot, from: Spot, to: Spot): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy || 1;
  const t = Math.max(0, Math.min(1, ((at.x - from.x) * dx + (at.y - from.y) * dy) / length));
  return Math.hypot(at.x - from.x - t * dx, at.y - from.y - t * dy);
}
