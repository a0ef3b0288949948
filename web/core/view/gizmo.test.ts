import { Matrix4, PerspectiveCamera, type Ray, Scene, Vector3 } from "three";
import { describe, expect, it } from "vitest";
import { applyPose } from "./camera";
import type { DragNode } from "./drag";
import { Gizmo } from "./gizmo";
import { project } from "./gizmo-hit";
import { rayThrough } from "./picking";
import type { CameraPose, Snap, Tool, TransformChange, Vec3 } from "./types";

const SIZE = { width: 800, height: 600 };
const FRONT: CameraPose = { position: [0, 0, 10], target: [0, 0, 0] };

function setup(tool: Tool, options: { pose?: CameraPose; nodes?: DragNode[]; snap?: Snap } = {}) {
  const camera = new PerspectiveCamera(45, SIZE.width / SIZE.height);
  applyPose(camera, options.pose ?? FRONT, null);
  const log: string[] = [];
  const values = new Map<string, TransformChange>();
  const nodes = options.nodes ?? [node("a", [0, 0, 0])];
  const gizmo = new Gizmo(new Scene(), {
    targets: () => nodes,
    started: (ids) => log.push(`start ${ids.join(" ")}`),
    changed: (changes) => {
      for (const [id, change] of changes) values.set(id, { ...values.get(id), ...change });
    },
    ended: (cancelled) => log.push(cancelled ? "cancelled" : "done"),
    label: () => {},
  });
  gizmo.tool = tool;
  gizmo.snap = options.snap ?? null;
  const view = { camera, ...SIZE };
  gizmo.update(camera, SIZE.height);
  const pixel = (point: Vec3) => project(view, new Vector3(...point));
  const ray = (at: { x: number; y: number }): Ray => rayThrough(camera, at.x, at.y, SIZE.width, SIZE.height);
  const grab = (at: { x: number; y: number }, touch = false) => gizmo.grab(at, ray(at), view, touch);
  const hover = (at: { x: number; y: number }) => {
    gizmo.hover(at, ray(at), view);
    return gizmo.hot;
  };
  return { gizmo, camera, log, values, pixel, ray, grab, hover };
}

function node(id: string, translation: Vec3): DragNode {
  return { id, source: { translation, rotation: [0, 0, 0, 1], scale: [1, 1, 1] }, parentWorld: new Matrix4() };
}

describe("the gizmo's handles", () => {
  it("light up where they are drawn: arrows 92 pixels long, their middle, and nothing beside", () => {
    const { hover, pixel } = setup("translate");
    const center = pixel([0, 0, 0]);
    expect(hover({ x: center.x + 70, y: center.y + 3 })).toMatchObject({ kind: "axis", axis: 0 });
    expect(hover({ x: center.x - 2, y: center.y - 70 })).toMatchObject({ kind: "axis", axis: 1 });
    expect(hover({ x: center.x + 31, y: center.y - 31 })).toMatchObject({ kind: "plane", axis: 2 });
    expect(hover(center)).toMatchObject({ kind: "view" });
    expect(hover({ x: center.x - 70, y: center.y })).toBeNull();
  });

  it("keep their size on the screen at any distance", () => {
    for (const distance of [0.01, 10, 1e6]) {
      const { hover, pixel } = setup("translate", { pose: { position: [0, 0, distance], target: [0, 0, 0] } });
      const center = pixel([0, 0, 0]);
      expect(hover({ x: center.x + 85, y: center.y })).toMatchObject({ axis: 0 });
      expect(hover({ x: center.x + 120, y: center.y })).toBeNull();
    }
  });

  it("are easier to catch with a finger", () => {
    const { grab, pixel } = setup("translate");
    const beside = { x: pixel([0, 0, 0]).x + 70, y: pixel([0, 0, 0]).y + 17 };
    expect(grab(beside)).toBe(false);
    expect(grab(beside, true)).toBe(true);
  });

  it("of rotation answer on the rings and around them", () => {
    const { hover, pixel } = setup("rotate");
    const center = pixel([0, 0, 0]);
    expect(hover({ x: center.x + 85 * Math.SQRT1_2, y: center.y + 85 * Math.SQRT1_2 })).toMatchObject({
      kind: "axis",
      axis: 2,
    });
    expect(hover({ x: center.x + 103, y: center.y })).toMatchObject({ kind: "view" });
  });
});

describe("a drag", () => {
  it("moves every selected node by the same way and reports start and end once", () => {
    const nodes = [node("a", [1, 0, 0]), node("b", [-1, 0, 0])];
    const { gizmo, camera, grab, pixel, ray, values, log } = setup("translate", { nodes });
    const start = pixel([0.3, 0, 0]);
    expect(grab({ x: pixel([0, 0, 0]).x + 60, y: start.y })).toBe(true);
    const metresPerPixel = 2 / (pixel([2, 0, 0]).x - pixel([0, 0, 0]).x);
    gizmo.move(ray({ x: pixel([0, 0, 0]).x + 90, y: start.y }), camera, false);
    gizmo.end(false);
    const moved = 30 * metresPerPixel;
    expect(values.get("a")?.translation?.[0]).toBeCloseTo(1 + moved, 6);
    expect(values.get("b")?.translation?.[0]).toBeCloseTo(-1 + moved, 6);
    expect(log).toEqual(["start a b", "done"]);
  });

  it("snaps to steps, and Control turns that off", () => {
    const { gizmo, camera, grab, pixel, ray, values } = setup("translate", {
      snap: { translate: 0.5, rotate: 0, scale: 0 },
    });
    const center = pixel([0, 0, 0]);
    grab({ x: center.x + 60, y: center.y });
    const target = ray({ x: center.x + 60 + (pixel([0.7, 0, 0]).x - center.x), y: center.y });
    gizmo.move(target, camera, false);
    expect(values.get("a")?.translation?.[0]).toBeCloseTo(0.5, 9);
    gizmo.move(target, camera, true);
    expect(values.get("a")?.translation?.[0]).toBeCloseTo(0.7, 6);
  });

  it("puts everything back when it is cancelled", () => {
    const { gizmo, camera, grab, pixel, ray, values, log } = setup("translate");
    const center = pixel([0, 0, 0]);
    grab({ x: center.x + 60, y: center.y });
    gizmo.move(ray({ x: center.x + 160, y: center.y }), camera, false);
    expect(values.get("a")?.translation?.[0]).toBeGreaterThan(0.5);
    expect(gizmo.end(true)).toBe(true);
    expect(values.get("a")).toEqual({ translation: [0, 0, 0] });
    expect(gizmo.end(true)).toBe(false);
    expect(log).toEqual(["start a", "cancelled"]);
  });

  it("does not begin without a movable node or with the select tool", () => {
    expect(setup("translate", { nodes: [] }).grab({ x: 460, y: 300 })).toBe(false);
    expect(setup("select").grab({ x: 460, y: 300 })).toBe(false);
  });
});
