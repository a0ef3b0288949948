/**
 * The viewer's camera as values: where it stands and what it looks at, in float64 world metres, +Y up. Pure functions
 * give the next pose; `applyPose` writes one into a three.js camera.
 */
import { MathUtils, type PerspectiveCamera, Spherical, Vector3 } from "three";
import type { CameraPose, Side, Vec3 } from "./types";

export const VERTICAL_FOV = 45;
const POLE = 1e-4;
const MIN_DISTANCE = 1e-5;
const MAX_DISTANCE = 1e9;

export const HOME: CameraPose = { position: [4.2, 3.0, 5.6], target: [0, 0.5, 0] };

const vector = (v: Vec3) => new Vector3(v[0], v[1], v[2]);
export const tuple = (v: Vector3): Vec3 => [v.x, v.y, v.z];

export interface Ball {
  readonly center: Vec3;
  readonly radius: number;
}

/** An axis-aligned box by its centre and half sides, with the ball around it. */
export interface Bounds extends Ball {
  readonly half: Vec3;
}

export function distanceOf(pose: CameraPose): number {
  return vector(pose.position).distanceTo(vector(pose.target));
}

/** Turns around the target by `dx` (azimuth) and `dy` (towards the top) radians; never over the poles. */
export function orbit(pose: CameraPose, dx: number, dy: number): CameraPose {
  const target = vector(pose.target);
  const spherical = new Spherical().setFromVector3(vector(pose.position).sub(target));
  spherical.theta -= dx;
  spherical.phi = MathUtils.clamp(spherical.phi - dy, POLE, Math.PI - POLE);
  return { position: tuple(new Vector3().setFromSpherical(spherical).add(target)), target: pose.target };
}

/** The camera's right and up directions in the world. */
export function screenAxes(pose: CameraPose): { right: Vector3; up: Vector3; forward: Vector3 } {
  const forward = vector(pose.target).sub(vector(pose.position)).normalize();
  const right = new Vector3().crossVectors(forward, new Vector3(0, 1, 0));
  if (right.lengthSq() < 1e-18) right.set(1, 0, 0);
  right.normalize();
  return { right, up: new Vector3().crossVectors(right, forward), forward };
}

/** Moves camera and target alike; `dx`, `dy` in pixels of a viewport `height` pixels high, so the target follows the pointer. */
export function pan(pose: CameraPose, dx: number, dy: number, height: number): CameraPose {
  const metresPerPixel = (2 * distanceOf(pose) * Math.tan(MathUtils.degToRad(VERTICAL_FOV) / 2)) / height;
  const { right, up } = screenAxes(pose);
  const shift = right.multiplyScalar(-dx * metresPerPixel).addScaledVector(up, dy * metresPerPixel);
  return { position: tuple(vector(pose.position).add(shift)), target: tuple(vector(pose.target).add(shift)) };
}

/** Scales the view about `toward`, which therefore stays where it is on the screen. `factor` < 1 comes closer. */
export function dolly(pose: CameraPose, factor: number, toward: Vec3 = pose.target): CameraPose {
  const distance = distanceOf(pose);
  const bounded = MathUtils.clamp(distance * factor, MIN_DISTANCE, MAX_DISTANCE) / distance;
  const about = (v: Vec3): Vec3 => tuple(vector(v).sub(vector(toward)).multiplyScalar(bounded).add(vector(toward)));
  return { position: about(pose.position), target: about(pose.target) };
}

/** How much of the narrower direction of the picture a framed box takes. */
const FILL = 0.82;

/** The pose that shows a box whole, from the direction the camera looks now. */
export function framing(pose: CameraPose, box: Bounds, aspect: number): CameraPose {
  const { right, up, forward } = screenAxes(pose);
  const tangent = Math.tan(MathUtils.degToRad(VERTICAL_FOV) / 2) * FILL;
  let distance = MIN_DISTANCE;
  for (const corner of corners(box.half)) {
    const beside = Math.max(Math.abs(corner.dot(up)) / tangent, Math.abs(corner.dot(right)) / (tangent * aspect));
    distance = Math.max(distance, beside - corner.dot(forward));
  }
  return along(forward.negate(), box.center, distance);
}

function corners([x, y, z]: Vec3): Vector3[] {
  return [-1, 1].flatMap((i) => [-1, 1].flatMap((j) => [-1, 1].map((k) => new Vector3(i * x, j * y, k * z))));
}

const DIRECTIONS: Record<Side, Vec3> = {
  front: [0, 0, 1],
  back: [0, 0, -1],
  left: [-1, 0, 0],
  right: [1, 0, 0],
  top: [0, 1, 0],
  bottom: [0, -1, 0],
  perspective: [0.58, 0.38, 0.72],
};

/** The same target and distance seen from a side. */
export function sideView(pose: CameraPose, side: Side): CameraPose {
  const spherical = new Spherical().setFromVector3(vector(DIRECTIONS[side]).normalize());
  spherical.phi = MathUtils.clamp(spherical.phi, POLE, Math.PI - POLE);
  return along(new Vector3().setFromSpherical(spherical), pose.target, distanceOf(pose));
}

function along(direction: Vector3, target: Vec3, distance: number): CameraPose {
  return { position: tuple(vector(target).addScaledVector(direction, distance)), target };
}

/** Between two poses, `t` in 0…1; the distance changes geometrically so that zooming looks even. */
export function blend(from: CameraPose, to: CameraPose, t: number): CameraPose {
  const target = vector(from.target).lerp(vector(to.target), t);
  const start = new Spherical().setFromVector3(vector(from.position).sub(vector(from.target)));
  const end = new Spherical().setFromVector3(vector(to.position).sub(vector(to.target)));
  const turn = ((((end.theta - start.theta + Math.PI) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI)) - Math.PI;
  const radius = start.radius * (end.radius / start.radius) ** t;
  const offset = new Vector3().setFromSphericalCoords(
    radius,
    start.phi + (end.phi - start.phi) * t,
    start.theta + turn * t,
  );
  return { position: tuple(offset.add(target)), target: tuple(target) };
}

/** Near and far planes around everything drawn, with a ratio that a 24-bit depth buffer resolves. */
export function clipPlanes(pose: CameraPose, content: Ball | null): { near: number; far: number } {
  const distance = distanceOf(pose);
  const reach = content ? vector(content.center).distanceTo(vector(pose.position)) + content.radius : 0;
  const nearest = content ? vector(content.center).distanceTo(vector(pose.position)) - content.radius : distance;
  const far = Math.max(reach * 1.1, distance * 60);
  const near = Math.max(Math.min(nearest * 0.8, distance * 0.05), distance * 0.004, far / 2e6);
  return { near, far };
}

export function applyPose(camera: PerspectiveCamera, pose: CameraPose, content: Ball | null): void {
  camera.position.set(...pose.position);
  camera.up.set(0, 1, 0);
  camera.lookAt(pose.target[0], pose.target[1], pose.target[2]);
  const { near, far } = clipPlanes(pose, content);
  camera.near = near;
  camera.far = far;
  camera.updateProjectionMatrix();
  camera.updateMatrixWorld(true);
}

/** How much of the viewport's height a ball's diameter takes; more than 1 when it is larger, Infinity from inside. */
export function coverage(position: Vector3, center: Vector3, radius: number, tanHalfFov: number): number {
  const distance = position.distanceTo(center);
  return distance <= radius ? Number.POSITIVE_INFINITY : radius / (distance * tanHalfFov);
}
