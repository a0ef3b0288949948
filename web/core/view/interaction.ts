/** Pointers and keys on the view: what they hit, and whether the camera, the gizmo or the editor hears of it. */
import { type Ray, type Scene, Vector3 } from "three";
import { distanceOf, tuple } from "./camera";
import type { SceneContent } from "./content";
import { Controls, type ControlsHost, type Pointer } from "./controls";
import { Gizmo, type Viewport } from "./gizmo";
import type { Helpers } from "./helpers";
import { rayThrough } from "./picking";
import { dragNodes } from "./selection";
import type { CameraPose, Vec3, ViewCallbacks } from "./types";

/** How far the ground counts as pointed at, in distances between camera and target. */
const GROUND_REACH = 20;

export interface InteractionHost {
  readonly canvas: HTMLCanvasElement;
  readonly overlay: HTMLElement;
  /** Where the gizmo is drawn. */
  readonly scene: Scene;
  readonly callbacks: ViewCallbacks;
  readonly content: SceneContent;
  readonly helpers: Helpers;
  selection(): ReadonlySet<string>;
  pose(): CameraPose;
  setPose(pose: CameraPose): void;
  /** With the camera where the pose says. */
  viewport(): Viewport;
  invalidate(): void;
}

export class Interaction implements ControlsHost {
  readonly gizmo: Gizmo;
  private readonly controls: Controls;
  private readonly label: HTMLElement;
  private hovering: Pointer | null = null;

  constructor(private readonly host: InteractionHost) {
    const { callbacks, content } = host;
    this.label = makeDragLabel(host.overlay);
    this.gizmo = new Gizmo(host.scene, {
      targets: () => dragNodes(content.mirror, host.selection()),
      started: (ids) => callbacks.onTransformStart(ids),
      changed: (changes) => callbacks.onTransform(changes),
      ended: (cancelled) => callbacks.onTransformEnd(cancelled),
      label: (text) => this.say(text),
    });
    this.controls = new Controls(host.canvas, this);
    window.addEventListener("keydown", this.onKey, { capture: true });
  }

  /** Ends a drag of the gizmo and puts the values of before back; false when there was none. */
  cancel(): boolean {
    const cancelled = this.gizmo.end(true);
    if (cancelled) this.host.invalidate();
    return cancelled;
  }

  dispose(): void {
    window.removeEventListener("keydown", this.onKey, { capture: true });
    this.controls.dispose();
    this.gizmo.dispose();
    this.label.remove();
  }

  pose(): CameraPose {
    return this.host.pose();
  }

  setPose(pose: CameraPose): void {
    this.host.setPose(pose);
  }

  /** What lies under a pixel, else the plane of the target. */
  pointAt(x: number, y: number): Vec3 {
    const ray = this.ray({ x, y });
    return this.surfaceAt(ray) ?? tuple(ray.at(distanceOf(this.host.pose()), new Vector3()));
  }

  click(pointer: Pointer): void {
    const { shiftKey, ctrlKey, metaKey } = pointer.event;
    this.host.callbacks.onPick(this.pick(pointer), { shift: shiftKey, ctrl: ctrlKey || metaKey });
  }

  contextMenu(pointer: Pointer): void {
    const { clientX, clientY } = pointer.event;
    this.host.callbacks.onContextMenu?.(this.pick(pointer), clientX, clientY);
  }

  /** Looks once a frame, however often the pointer moves. */
  hover(pointer: Pointer | null): void {
    const idle = this.hovering === null;
    this.hovering = pointer;
    if (pointer) {
      if (idle) requestAnimationFrame(() => this.look());
      return;
    }
    this.host.callbacks.onPointer?.(null);
    if (this.gizmo.hover(null, null, this.host.viewport())) this.host.invalidate();
  }

  grab(pointer: Pointer): boolean {
    const touch = pointer.event.pointerType === "touch";
    const grabbed = this.gizmo.grab(pointer, this.ray(pointer), this.host.viewport(), touch);
    if (grabbed) this.host.invalidate();
    return grabbed;
  }

  grabbed(pointer: Pointer): void {
    const { ctrlKey, metaKey } = pointer.event;
    this.gizmo.move(this.ray(pointer), this.host.viewport().camera, ctrlKey || metaKey);
    this.label.style.transform = `translate(${pointer.x + 16}px, ${pointer.y + 18}px)`;
    this.host.invalidate();
  }

  release(_: Pointer, cancelled: boolean): void {
    this.gizmo.end(cancelled);
    this.host.invalidate();
  }

  private ray(at: { readonly x: number; readonly y: number }): Ray {
    const { camera, width, height } = this.host.viewport();
    return rayThrough(camera, at.x, at.y, width, height);
  }

  private pick(at: Pointer): string | null {
    const { content, helpers } = this.host;
    const figure = helpers.pick(at.x, at.y, this.host.viewport());
    return figure ?? content.picker.pick(this.ray(at), content.objects.drawables.values())?.id ?? null;
  }

  /** The nearest surface, locked ones too, else the ground. */
  private surfaceAt(ray: Ray): Vec3 | null {
    const { content } = this.host;
    const hit = content.picker.pick(ray, content.objects.drawables.values(), true);
    if (hit) return tuple(hit.point);
    const ground = -ray.origin.y / ray.direction.y;
    const reachable = ground > 0 && ground < distanceOf(this.host.pose()) * GROUND_REACH;
    return reachable ? tuple(ray.at(ground, new Vector3())) : null;
  }

  private look(): void {
    const pointer = this.hovering;
    this.hovering = null;
    if (!pointer) return;
    const ray = this.ray(pointer);
    if (this.gizmo.hover(pointer, ray, this.host.viewport())) this.host.invalidate();
    this.host.canvas.style.cursor = this.gizmo.hot ? "grab" : "";
    this.host.callbacks.onPointer?.(this.surfaceAt(ray));
  }

  private say(text: string | null): void {
    this.label.textContent = text ?? "";
    this.label.style.display = text ? "" : "none";
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !this.cancel()) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function makeDragLabel(overlay: HTMLElement): HTMLElement {
  const label = document.createElement("div");
  Object.assign(label.style, {
    position: "absolute",
    left: "0",
    top: "0",
    display: "none",
    pointerEvents: "none",
    padding: "2px 7px",
    borderRadius: "5px",
    font: "500 11px/16px ui-monospace, monospace",
    background: "rgb(14 16 20 / 0.88)",
    color: "#e8ecf4",
    whiteSpace: "nowrap",
  });
  overlay.append(label);
  return label;
}
