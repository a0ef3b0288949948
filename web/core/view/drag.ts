/**
 * The arithmetic of the gizmo: what a pointer ray means for a handle, and what a move of the selection means for each
 * node in its parent's frame. Everything in float64; no three.js scene objects.
 */
import { MathUtils, Matrix4, Quaternion, type Ray, Vector3 } from "three";
import type { NodeSource } from "./sources";
import type { Quat, Snap, TransformChange, Vec3 } from "./types";

export type Axis = 0 | 1 | 2;
/** `axis`: along or about one axis of the frame; `plane`: in the plane normal to it; `view`: as the camera sees it. */
export type Handle =
  | { readonly tool: "translate"; readonly kind: "axis" | "plane"; readonly axis: Axis }
  | { readonly tool: "translate"; readonly kind: "view" }
  | { readonly tool: "rotate"; readonly kind: "axis"; readonly axis: Axis }
  | { readonly tool: "rotate"; readonly kind: "view" }
  | { readonly tool: "scale"; readonly kind: "axis"; readonly axis: Axis }
  | { readonly tool: "scale"; readonly kind: "view" };

/** Where the gizmo stands: the pivot in world metres and the orientation of its axes. */
export interface Frame {
  readonly pivot: Vector3;
  readonly orientation: Quaternion;
}

/** What a drag amounts to, about the frame's pivot. `factors` act along the frame's axes. */
export type Delta =
  | { readonly kind: "translate"; readonly vector: Vector3 }
  | { readonly kind: "rotate"; readonly rotation: Quaternion; readonly axis: Vector3; readonly angle: number }
  | { readonly kind: "scale"; readonly factors: Vector3 };

/** A node at the start of a drag. */
export interface DragNode {
  readonly id: string;
  readonly source: Pick<NodeSource, "translation" | "rotation" | "scale">;
  readonly parentWorld: Matrix4;
}

const UNITS = [new Vector3(1, 0, 0), new Vector3(0, 1, 0), new Vector3(0, 0, 1)] as const;
const SMALLEST_FACTOR = 1e-3;

export function axisOf(frame: Frame, axis: Axis): Vector3 {
  return UNITS[axis].clone().applyQuaternion(frame.orientation);
}

/**
 * Metres along an axis through `pivot` that the ray points at: where it meets the plane that holds the axis and faces the
 * viewer most, so that straying beside the axis changes nothing. Null when the viewer looks along the axis.
 */
export function alongAxis(ray: Ray, pivot: Vector3, axis: Vector3, view: Vector3): number | null {
  const normal = view.clone().addScaledVector(axis, -view.dot(axis));
  if (normal.lengthSq() < 1e-4) return null;
  return onPlane(ray, pivot, normal.normalize())?.dot(axis) ?? null;
}

/** The point of the plane through `pivot` that the ray meets, relative to `pivot`; null when it does not. */
export function onPlane(ray: Ray, pivot: Vector3, normal: Vector3): Vector3 | null {
  const slope = normal.dot(ray.direction);
  if (Math.abs(slope) < 1e-4) return null;
  const distance = pivot.clone().sub(ray.origin).dot(normal) / slope;
  return distance < 0 ? null : ray.origin.clone().addScaledVector(ray.direction, distance).sub(pivot);
}

/** The drag of a handle from one pointer ray to another; null while the rays say nothing (parallel, behind). */
export function dragDelta(
  handle: Handle,
  frame: Frame,
  start: Ray,
  now: Ray,
  view: Vector3,
  snap: Snap | null,
): Delta | null {
  if (handle.tool === "translate") return translateDelta(handle, frame, start, now, view, snap?.translate ?? 0);
  if (handle.tool === "rotate") return rotateDelta(handle, frame, start, now, view, snap?.rotate ?? 0);
  return scaleDelta(handle, frame, start, now, view, snap?.scale ?? 0);
}

const snapTo = (value: number, step: number) => (step > 0 ? Math.round(value / step) * step : value);

function translateDelta(handle: Handle, frame: Frame, start: Ray, now: Ray, view: Vector3, step: number): Delta | null {
  if (handle.kind === "axis") {
    const axis = axisOf(frame, handle.axis);
    const from = alongAxis(start, frame.pivot, axis, view);
    const to = alongAxis(now, frame.pivot, axis, view);
    return from === null || to === null
      ? null
      : { kind: "translate", vector: axis.multiplyScalar(snapTo(to - from, step)) };
  }
  const normal = handle.kind === "plane" ? axisOf(frame, handle.axis) : view;
  const from = onPlane(start, frame.pivot, normal);
  const to = onPlane(now, frame.pivot, normal);
  if (!from || !to) return null;
  return { kind: "translate", vector: snapVector(to.sub(from), frame.orientation, step) };
}

function snapVector(vector: Vector3, orientation: Quaternion, step: number): Vector3 {
  if (step <= 0) return vector;
  const local = vector.applyQuaternion(orientation.clone().invert());
  return local.set(snapTo(local.x, step), snapTo(local.y, step), snapTo(local.z, step)).applyQuaternion(orientation);
}

function rotateDelta(handle: Handle, frame: Frame, start: Ray, now: Ray, view: Vector3, step: number): Delta | null {
  const axis = handle.kind === "axis" ? axisOf(frame, handle.axis) : view.clone().negate();
  const from = onPlane(start, frame.pivot, axis);
  const to = onPlane(now, frame.pivot, axis);
  const raw =
    from && to && Math.abs(axis.dot(view)) > 0.12 ? turned(from, to, axis) : edgeOn(frame, start, now, axis, view);
  const angle = snapTo(raw, step);
  return { kind: "rotate", rotation: new Quaternion().setFromAxisAngle(axis, angle), axis, angle };
}

function turned(from: Vector3, to: Vector3, axis: Vector3): number {
  return Math.atan2(new Vector3().crossVectors(from, to).dot(axis), from.dot(to));
}

/** A ring seen from its side: the pointer's way along it, one radius is one radian. */
function edgeOn(frame: Frame, start: Ray, now: Ray, axis: Vector3, view: Vector3): number {
  const from = onPlane(start, frame.pivot, view);
  const to = onPlane(now, frame.pivot, view);
  if (!from || !to) return 0;
  const tangent = new Vector3().crossVectors(axis, view).negate().normalize();
  return to.sub(from).dot(tangent) / Math.max(from.length(), 1e-12);
}

function scaleDelta(handle: Handle, frame: Frame, start: Ray, now: Ray, view: Vector3, step: number): Delta | null {
  const factor =
    handle.kind === "axis" ? axisFactor(frame, handle.axis, start, now, view) : viewFactor(frame, start, now, view);
  if (factor === null) return null;
  const snapped = Math.max(snapTo(factor, step), step > 0 ? step : SMALLEST_FACTOR);
  const factors = new Vector3(1, 1, 1);
  if (handle.kind === "axis") factors.setComponent(handle.axis, snapped);
  else factors.setScalar(snapped);
  return { kind: "scale", factors };
}

function axisFactor(frame: Frame, axis: Axis, start: Ray, now: Ray, view: Vector3): number | null {
  const direction = axisOf(frame, axis);
  const from = alongAxis(start, frame.pivot, direction, view);
  const to = alongAxis(now, frame.pivot, direction, view);
  return from === null || to === null || Math.abs(from) < 1e-12 ? null : to / from;
}

/** Uniform: away from the pivot grows. The handle sits at the pivot, so the way counts, not the ratio of distances. */
function viewFactor(frame: Frame, start: Ray, now: Ray, view: Vector3): number | null {
  const from = onPlane(start, frame.pivot, view);
  const to = onPlane(now, frame.pivot, view);
  if (!from || !to) return null;
  const distance = start.origin.distanceTo(frame.pivot);
  const right = new Vector3().crossVectors(view, UNITS[1]);
  if (right.lengthSq() < 1e-9) right.copy(UNITS[0]);
  const up = new Vector3().crossVectors(right.normalize(), view);
  const way = to.sub(from);
  return Math.exp((5 * (way.dot(right) + way.dot(up))) / distance);
}

/** New local-frame values of one node. Exact unless an ancestor shears (turned and unevenly scaled). */
export function applyDelta(node: DragNode, frame: Frame, delta: Delta): TransformChange {
  if (delta.kind === "translate") return { translation: shifted(node, delta.vector) };
  if (delta.kind === "rotate") return rotated(node, frame, delta.rotation);
  return scaled(node, frame, delta.factors);
}

/** Adds a world vector; only the vector goes through the inverse, so far-off parents cost no digits. */
function shifted(node: DragNode, vector: Vector3): Vec3 {
  const local = intoParent(node, vector);
  const [x, y, z] = node.source.translation;
  return [x + local.x, y + local.y, z + local.z];
}

function intoParent(node: DragNode, vector: Vector3): Vector3 {
  const inverse = node.parentWorld.clone().setPosition(0, 0, 0).invert();
  return vector.clone().applyMatrix4(inverse);
}

function worldPosition(node: DragNode): Vector3 {
  return new Vector3(...node.source.translation).applyMatrix4(node.parentWorld);
}

function rotated(node: DragNode, frame: Frame, rotation: Quaternion): TransformChange {
  const linear = node.parentWorld.clone().setPosition(0, 0, 0);
  const conjugated = linear
    .clone()
    .invert()
    .multiply(new Matrix4().makeRotationFromQuaternion(rotation))
    .multiply(linear);
  const local = orientationOf(conjugated);
  const turnedBy = local.multiply(new Quaternion(...node.source.rotation)).normalize();
  const change: TransformChange = { rotation: [turnedBy.x, turnedBy.y, turnedBy.z, turnedBy.w] satisfies Quat };
  const arm = worldPosition(node).sub(frame.pivot);
  const shift = arm.clone().applyQuaternion(rotation).sub(arm);
  if (shift.length() > 1e-12 * Math.max(1, arm.length())) change.translation = shifted(node, shift);
  return change;
}

function scaled(node: DragNode, frame: Frame, factors: Vector3): TransformChange {
  const linear = node.parentWorld.clone().setPosition(0, 0, 0);
  const own = new Quaternion(...node.source.rotation);
  const intoFrame = frame.orientation.clone().invert();
  const along = (axis: Axis) => {
    const direction = UNITS[axis].clone().applyQuaternion(own).applyMatrix4(linear).normalize();
    return direction.applyQuaternion(intoFrame).multiply(factors).length();
  };
  const [sx, sy, sz] = node.source.scale;
  const change: TransformChange = { scale: [sx * along(0), sy * along(1), sz * along(2)] };
  const arm = worldPosition(node).sub(frame.pivot);
  const stretched = arm.clone().applyQuaternion(frame.orientation.clone().invert()).multiply(factors);
  const shift = stretched.applyQuaternion(frame.orientation).sub(arm);
  if (shift.length() > 1e-12 * Math.max(1, arm.length())) change.translation = shifted(node, shift);
  return change;
}

/** The rotation part of a matrix; mirrored ones give that of the matrix with x turned round. */
export function orientationOf(matrix: Matrix4): Quaternion {
  const rotation = new Quaternion();
  matrix.decompose(new Vector3(), rotation, new Vector3());
  return rotation;
}

/** In words, for the label beside the pointer. */
export function describeDelta(delta: Delta): string {
  if (delta.kind === "rotate") return `${MathUtils.radToDeg(delta.angle).toFixed(1)}°`;
  if (delta.kind === "translate") return `${delta.vector.toArray().map(shortNumber).join("  ")} m`;
  const { x, y, z } = delta.factors;
  return x === y && y === z ? `× ${shortNumber(x)}` : `× ${[x, y, z].map(shortNumber).join("  ")}`;
}

const shortNumber = (value: number) => String(Number(value.toFixed(3)) || 0);
