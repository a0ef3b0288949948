/**
 * Pointers on the canvas: turning, panning and zooming the camera, and telling a click from a drag. The left button turns,
 * the right or middle one and Shift pan, the wheel and a pinch zoom to the cursor, one finger turns, two pan and zoom.
 */

import { dolly, orbit, pan } from "./camera";
import type { CameraPose, Vec3 } from "./types";

/** Pixels a pointer may wander before a press stops being a click. */
const CLICK_SLOP = 4;
const TURN_PER_PIXEL = 0.0065;
const ZOOM_PER_PIXEL = 0.0016;

export interface Pointer {
  /** CSS pixels from the canvas's top left. */
  readonly x: number;
  readonly y: number;
  readonly event: PointerEvent;
}

export interface ControlsHost {
  pose(): CameraPose;
  /** `moved`: by hand, which ends an animated flight. */
  setPose(pose: CameraPose): void;
  /** The world point under a pixel, towards which zooming goes. */
  pointAt(x: number, y: number): Vec3;
  click(pointer: Pointer): void;
  contextMenu(pointer: Pointer): void;
  hover(pointer: Pointer | null): void;
  /** True when something else (the gizmo) takes this press and all that follows until its release. */
  grab(pointer: Pointer): boolean;
  grabbed(pointer: Pointer): void;
  release(pointer: Pointer, cancelled: boolean): void;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

type Mode = "turn" | "pan" | "grabbed";

export class Controls {
  private readonly pressed = new Map<number, Spot>();
  private mode: Mode = "turn";
  private start: { x: number; y: number; moved: boolean } | null = null;
  private readonly abort = new AbortController();

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly host: ControlsHost,
  ) {
    const on = <K extends keyof HTMLElementEventMap>(kind: K, listener: (event: HTMLElementEventMap[K]) => void) =>
      canvas.addEventListener(kind, listener, { signal: this.abort.signal, passive: false });
    on("pointerdown", this.down);
    on("pointermove", this.move);
    on("pointerup", (event) => this.up(event, false));
    on("pointercancel", (event) => this.up(event, true));
    on("pointerleave", () => this.pressed.size === 0 && this.host.hover(null));
    on("wheel", this.wheel);
    on("contextmenu", this.longPress);
  }

  dispose(): void {
    this.abort.abort();
  }

  private at(event: MouseEvent): Spot {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private readonly down = (event: PointerEvent): void => {
    this.canvas.focus({ preventScroll: true });
    if (event.button === 1) event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.pressed.set(event.pointerId, at);
    if (this.pressed.size > 1) {
      this.endGrab({ ...at, event }, true);
      this.start = null;
      return;
    }
    this.start = { ...at, moved: false };
    this.mode = event.button !== 0 || event.shiftKey ? "pan" : "turn";
    if (event.button === 0 && !event.altKey && this.host.grab({ ...at, event })) this.mode = "grabbed";
  };

  private readonly move = (event: PointerEvent): void => {
    const at = this.at(event);
    const before = this.pressed.get(event.pointerId);
    if (!before) this.host.hover({ ...at, event });
    else if (this.mode === "grabbed" && this.pressed.size === 1) this.host.grabbed({ ...at, event });
    else this.steer(event.pointerId, before, at);
    if (before) this.pressed.set(event.pointerId, at);
  };

  private steer(id: number, before: Spot, at: Spot): void {
    if (this.pressed.size === 2) this.pinch(id, before, at);
    else if (this.pressed.size === 1) this.dragCamera(before, at);
  }

  private dragCamera(before: Spot, at: Spot): void {
    if (!this.start) return;
    if (!this.start.moved && Math.hypot(at.x - this.start.x, at.y - this.start.y) < CLICK_SLOP) return;
    this.start.moved = true;
    const [dx, dy] = [at.x - before.x, at.y - before.y];
    const pose = this.host.pose();
    if (this.mode === "pan") this.host.setPose(pan(pose, dx, dy, this.canvas.clientHeight));
    else this.host.setPose(orbit(pose, dx * TURN_PER_PIXEL, dy * TURN_PER_PIXEL));
  }

  private pinch(id: number, before: Spot, at: Spot): void {
    const other = [...this.pressed].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const gap = (p: Spot) => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    const zoomed = dolly(this.host.pose(), gap(before) / gap(at), this.host.pointAt(middle.x, middle.y));
    this.host.setPose(pan(zoomed, (at.x - before.x) / 2, (at.y - before.y) / 2, this.canvas.clientHeight));
  }

  private up(event: PointerEvent, cancelled: boolean): void {
    if (!this.pressed.delete(event.pointerId)) return;
    const pointer = { ...this.at(event), event };
    this.endGrab(pointer, cancelled);
    const clicked = this.start && !this.start.moved && !cancelled;
    this.start = null;
    if (!clicked) return;
    if (event.button === 0) this.host.click(pointer);
    else if (event.button === 2) this.host.contextMenu(pointer);
  }

  /** A mouse's menu comes with its release (`up`), a finger's while it still rests on the glass. */
  private readonly longPress = (event: Event): void => {
    event.preventDefault();
    if (!(event instanceof PointerEvent) || event.pointerType !== "touch") return;
    if (!this.start || this.start.moved || this.pressed.size !== 1) return;
    this.start = null;
    this.host.contextMenu({ ...this.at(event), event });
  };

  private endGrab(pointer: Pointer, cancelled: boolean): void {
    if (this.mode !== "grabbed") return;
    this.mode = "turn";
    this.start = null;
    this.host.release(pointer, cancelled);
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const at = this.at(event);
    const pixels =
      event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1) * (event.ctrlKey ? 4 : 1);
    const factor = Math.exp(Math.max(-240, Math.min(240, pixels)) * ZOOM_PER_PIXEL);
    this.host.setPose(dolly(this.host.pose(), factor, this.host.pointAt(at.x, at.y)));
  };
}
