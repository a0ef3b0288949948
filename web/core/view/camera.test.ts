import { PerspectiveCamera, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import {
  applyPose,
  blend,
  clipPlanes,
  coverage,
  distanceOf,
  dolly,
  framing,
  HOME,
  orbit,
  pan,
  sideView,
} from "./camera";
import { rayThrough } from "./picking";
import type { CameraPose, Vec3 } from "./types";

const FAR: CameraPose = { position: [500_004, 3, 300_005], target: [500_000, 0.5, 300_000] };

function pixelOf(pose: CameraPose, point: Vec3, width = 800, height = 600): [number, number] {
  const camera = new PerspectiveCamera(45, width / height);
  applyPose(camera, pose, null);
  const clip = new Vector3(...point).project(camera);
  return [((clip.x + 1) / 2) * width, ((1 - clip.y) / 2) * height];
}

describe("the camera's pose", () => {
  it("keeps its distance and target when it turns, and stops at the poles", () => {
    const turned = orbit(HOME, 1.2, 0.4);
    expect(distanceOf(turned)).toBeCloseTo(distanceOf(HOME), 9);
    expect(turned.target).toEqual(HOME.target);
    expect(orbit(HOME, 0, 50).position[1]).toBeCloseTo(HOME.target[1] + distanceOf(HOME), 3);
    expect(orbit(HOME, 0, -50).position[1]).toBeCloseTo(HOME.target[1] - distanceOf(HOME), 3);
  });

  it.each([HOME, FAR])("moves the target with the pointer when panned", (pose) => {
    const before = pixelOf(pose, pose.target);
    const moved = pan(pose, 30, -20, 600);
    const after = pixelOf(moved, pose.target);
    expect(after[0] - before[0]).toBeCloseTo(30, 4);
    expect(after[1] - before[1]).toBeCloseTo(-20, 4);
  });

  it.each([HOME, FAR])("leaves the point under the cursor where it is when it zooms", (pose) => {
    const toward: Vec3 = [pose.target[0] + 0.8, pose.target[1] + 0.3, pose.target[2] - 0.6];
    const before = pixelOf(pose, toward);
    const after = pixelOf(dolly(pose, 0.4, toward), toward);
    expect(after[0]).toBeCloseTo(before[0], 4);
    expect(after[1]).toBeCloseTo(before[1], 4);
    expect(distanceOf(dolly(pose, 0.4, toward))).toBeCloseTo(distanceOf(pose) * 0.4, 6);
  });

  it.each([0.5, 1, 2])("frames a box so that it lies within the picture and nearly fills it (aspect %f)", (aspect) => {
    const box = { center: [3, 1, -2] as Vec3, half: [4, 0.5, 0.2] as Vec3, radius: 4.1 };
    const pose = framing(HOME, box, aspect);
    expect(pose.target).toEqual(box.center);
    const reach = [-1, 1].flatMap((i) =>
      [-1, 1].flatMap((j) => {
        const [x, y] = pixelOf(pose, [3 + 4 * i, 1 + 0.5 * j, -2 + 0.2 * i * j], 600 * aspect, 600);
        return [Math.abs(x / (300 * aspect) - 1), Math.abs(y / 300 - 1)];
      }),
    );
    expect(Math.max(...reach)).toBeLessThanOrEqual(0.83);
    expect(Math.max(...reach)).toBeGreaterThan(0.7);
  });

  it("looks from a named side without moving its target", () => {
    const top = sideView(HOME, "top");
    expect(top.position[1] - top.target[1]).toBeCloseTo(distanceOf(HOME), 3);
    const right = sideView(HOME, "right");
    expect(right.position[0] - right.target[0]).toBeCloseTo(distanceOf(HOME), 6);
  });

  it("flies the shorter way round and ends exactly at its goal", () => {
    const from = orbit(HOME, 3, 0);
    const to = orbit(HOME, -3, 0);
    const middle = blend(from, to, 0.5);
    expect(distanceOf(middle)).toBeCloseTo(distanceOf(HOME), 9);
    const apart = new Vector3(...from.position).angleTo(new Vector3(...middle.position));
    expect(apart).toBeLessThan(0.5);
    blend(from, to, 1).position.forEach((value, i) => {
      expect(value).toBeCloseTo(to.position[i] as number, 9);
    });
  });

  it("encloses what is drawn between planes of a bounded ratio", () => {
    const near = clipPlanes(HOME, { center: [0, 0, 0], radius: 1 });
    expect(near.near).toBeLessThan(distanceOf(HOME) - 2);
    expect(near.far).toBeGreaterThan(distanceOf(HOME) + 2);
    const wide = clipPlanes({ position: [0, 0, 0.01], target: [0, 0, 0] }, { center: [0, 0, 0], radius: 1e5 });
    expect(wide.far / wide.near).toBeLessThan(3e6);
  });

  it("measures coverage as the share of the viewport's height", () => {
    const tangent = Math.tan((45 / 360) * Math.PI);
    expect(coverage(new Vector3(0, 0, 10), new Vector3(), 10 * tangent * 0.999, tangent)).toBeCloseTo(0.999, 6);
    expect(coverage(new Vector3(0, 0, 0.5), new Vector3(), 1, tangent)).toBe(Number.POSITIVE_INFINITY);
  });

  it("casts rays through pixels to a tenth of a millimetre at 500 km", () => {
    const camera = new PerspectiveCamera(45, 800 / 600);
    applyPose(camera, FAR, null);
    const ray = rayThrough(camera, ...pixelOf(FAR, FAR.target), 800, 600);
    expect(ray.distanceToPoint(new Vector3(...FAR.target))).toBeLessThan(1e-4);
  });
});
