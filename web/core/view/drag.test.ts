import { Euler, Matrix4, Quaternion, Ray, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import { alongAxis, applyDelta, type Delta, type DragNode, dragDelta, type Frame, type Handle } from "./drag";
import { localMatrix } from "./mirror";
import type { Quat, TransformChange, Vec3 } from "./types";

const WORLD: Frame = { pivot: new Vector3(), orientation: new Quaternion() };
const VIEW = new Vector3(0, 0, -1);

const turn = (x: number, y: number, z: number) => new Quaternion().setFromEuler(new Euler(x, y, z));
const matrix = (t: Vec3, q: Quaternion, s: Vec3) => new Matrix4().compose(new Vector3(...t), q, new Vector3(...s));
/** From a camera ten metres before a pivot through a point beside it. */
const rayTo = (pivot: Vector3, x: number, y: number, z = 0) => {
  const origin = pivot.clone().add(new Vector3(0, 0, 10));
  return new Ray(
    origin,
    pivot
      .clone()
      .add(new Vector3(x, y, z))
      .sub(origin)
      .normalize(),
  );
};

function node(
  parentWorld: Matrix4,
  translation: Vec3 = [1, 2, 3],
  rotation = turn(0.3, -0.7, 1.1),
  scale: Vec3 = [1, 2, 0.5],
): DragNode {
  return { id: "n", source: { translation, rotation: rotation.toArray() as unknown as Quat, scale }, parentWorld };
}

function worldAfter(target: DragNode, change: TransformChange): Matrix4 {
  return localMatrix({ ...target.source, ...change }, new Matrix4()).premultiply(target.parentWorld);
}

function worldBefore(target: DragNode): Matrix4 {
  return localMatrix(target.source, new Matrix4()).premultiply(target.parentWorld);
}

function expectClose(actual: Matrix4, expected: Matrix4, digits = 6): void {
  actual.elements.forEach((value, i) => {
    expect(value).toBeCloseTo(expected.elements[i] as number, digits);
  });
}

const PARENTS: Record<string, Matrix4> = {
  none: new Matrix4(),
  "moved, turned and scaled": matrix([5, -3, 2], turn(1, 0.4, -2), [3, 3, 3]),
  mirrored: matrix([1, 1, 1], turn(0.5, 1.5, 0.2), [-2, 2, 2]),
  "at 500 km": matrix([500_000, 20, -300_000], turn(0.1, 2, 0.3), [0.01, 0.01, 0.01]),
};

describe.each(Object.entries(PARENTS))("a node below a parent: %s", (_, parent) => {
  const target = node(parent);
  const at = new Vector3().setFromMatrixPosition(worldBefore(target));
  const frame: Frame = { pivot: at, orientation: new Quaternion() };

  it("moves by the world vector, and only that changes", () => {
    const vector = new Vector3(0.25, -1.5, 3);
    const change = applyDelta(target, frame, { kind: "translate", vector });
    expect(Object.keys(change)).toEqual(["translation"]);
    expectClose(worldAfter(target, change), worldBefore(target).setPosition(at.clone().add(vector)), 5);
  });

  it("turns about the pivot in the world's frame", () => {
    const pivot = at.clone().add(new Vector3(2, 0, 1));
    const rotation = turn(0.2, 0.9, -0.4);
    const delta: Delta = { kind: "rotate", rotation, axis: new Vector3(0, 1, 0), angle: 1 };
    const change = applyDelta(target, { ...frame, pivot }, delta);
    const expected = worldBefore(target)
      .premultiply(new Matrix4().makeTranslation(pivot.clone().negate()))
      .premultiply(new Matrix4().makeRotationFromQuaternion(rotation))
      .premultiply(new Matrix4().makeTranslation(pivot));
    expectClose(worldAfter(target, change), expected, 5);
  });

  it("leaves the translation alone when it turns about itself", () => {
    const delta: Delta = { kind: "rotate", rotation: turn(0, 1, 0), axis: new Vector3(0, 1, 0), angle: 1 };
    expect(applyDelta(target, frame, delta).translation).toBeUndefined();
  });

  it("grows evenly about the pivot", () => {
    const pivot = at.clone().add(new Vector3(-1, 2, 0));
    const change = applyDelta(target, { ...frame, pivot }, { kind: "scale", factors: new Vector3(2, 2, 2) });
    const expected = worldBefore(target)
      .premultiply(new Matrix4().makeTranslation(pivot.clone().negate()))
      .premultiply(new Matrix4().makeScale(2, 2, 2))
      .premultiply(new Matrix4().makeTranslation(pivot));
    expectClose(worldAfter(target, change), expected, 5);
  });
});

describe("scaling along one axis of the node", () => {
  it("changes that component of scale and nothing else", () => {
    const rotation = turn(0.3, -0.7, 1.1);
    const target = node(new Matrix4(), [1, 2, 3], rotation);
    const frame: Frame = { pivot: new Vector3(1, 2, 3), orientation: rotation };
    const change = applyDelta(target, frame, { kind: "scale", factors: new Vector3(1, 3, 1) });
    expect(change.translation).toBeUndefined();
    [1, 6, 0.5].forEach((value, i) => {
      expect(change.scale?.[i]).toBeCloseTo(value, 9);
    });
  });
});

describe("what a drag of a handle means", () => {
  const x: Handle = { tool: "translate", kind: "axis", axis: 0 };

  it.each([new Vector3(), new Vector3(500_000, 100, -300_000)])("follows the pointer along the axis", (pivot) => {
    const delta = dragDelta(x, { ...WORLD, pivot }, rayTo(pivot, 0.5, 0), rayTo(pivot, 2.5, 0.4), VIEW, null);
    expect(delta?.kind === "translate" && delta.vector.x).toBeCloseTo(2, 5);
    expect(delta?.kind === "translate" && [delta.vector.y, delta.vector.z]).toEqual([0, 0]);
  });

  it("moves in a plane and snaps along the frame's axes", () => {
    const plane: Handle = { tool: "translate", kind: "plane", axis: 2 };
    const snap = { translate: 0.5, rotate: 0, scale: 0 };
    const delta = dragDelta(plane, WORLD, rayTo(WORLD.pivot, 0, 0), rayTo(WORLD.pivot, 1.3, -0.7), VIEW, snap);
    expect(delta?.kind === "translate" && delta.vector.toArray().map((v) => v || 0)).toEqual([1.5, -0.5, 0]);
  });

  it("turns by the angle that the pointer sweeps, snapped when asked", () => {
    const ring: Handle = { tool: "rotate", kind: "axis", axis: 2 };
    const angle = (1.3 * Math.PI) / 4;
    const rays = [rayTo(WORLD.pivot, 1, 0), rayTo(WORLD.pivot, Math.cos(angle), Math.sin(angle))] as const;
    const free = dragDelta(ring, WORLD, ...rays, VIEW, null);
    expect(free?.kind === "rotate" && free.angle).toBeCloseTo(angle, 9);
    const snapped = dragDelta(ring, WORLD, ...rays, VIEW, { translate: 0, rotate: Math.PI / 12, scale: 0 });
    expect(snapped?.kind === "rotate" && snapped.angle).toBeCloseTo(Math.PI / 3, 9);
  });

  it("turns a ring that is seen from its side with the pointer's direction", () => {
    const ring: Handle = { tool: "rotate", kind: "axis", axis: 1 };
    const delta = dragDelta(ring, WORLD, rayTo(WORLD.pivot, 0, 1), rayTo(WORLD.pivot, 0.5, 1), VIEW, null);
    // A point of the near side moves to +x for a positive turn about +y.
    expect(delta?.kind === "rotate" && delta.angle).toBeGreaterThan(0.1);
  });

  it("scales by the ratio of the distances from the pivot, never to nothing", () => {
    const handle: Handle = { tool: "scale", kind: "axis", axis: 0 };
    const grown = dragDelta(handle, WORLD, rayTo(WORLD.pivot, 1, 0), rayTo(WORLD.pivot, 2.5, 0), VIEW, null);
    expect(grown?.kind === "scale" && grown.factors.toArray()).toEqual([expect.closeTo(2.5, 9), 1, 1]);
    const inverted = dragDelta(handle, WORLD, rayTo(WORLD.pivot, 1, 0), rayTo(WORLD.pivot, -3, 0), VIEW, null);
    expect(inverted?.kind === "scale" && inverted.factors.x).toBeGreaterThan(0);
  });

  it("says nothing for a ray along the axis", () => {
    const ray = new Ray(new Vector3(0, 0, 5), VIEW);
    expect(alongAxis(ray, new Vector3(), new Vector3(0, 0, 1), VIEW)).toBeNull();
  });
});
