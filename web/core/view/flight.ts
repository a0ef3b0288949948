/** A short animated way from one camera pose to another; at once for people who asked for less motion. */
import { blend } from "./camera";
import type { CameraPose } from "./types";

const DURATION = 260;

export class Flight {
  private way: { readonly from: CameraPose; readonly to: CameraPose; start: number | null } | null = null;

  get flying(): boolean {
    return this.way !== null;
  }

  /** Returns the pose to take now: the start, or the goal itself where motion is unwanted. */
  begin(from: CameraPose, to: CameraPose): CameraPose {
    if (window.matchMedia?.("(prefers-reduced-motion: reduce)").matches) {
      this.way = null;
      return to;
    }
    this.way = { from, to, start: null };
    return from;
  }

  stop(): void {
    this.way = null;
  }

  /** The pose at a time in milliseconds, or null when not flying. */
  step(now: number): CameraPose | null {
    const { way } = this;
    if (!way) return null;
    way.start ??= now;
    const t = Math.min(1, (now - way.start) / DURATION);
    if (t === 1) this.way = null;
    return t === 1 ? way.to : blend(way.from, way.to, 1 - (1 - t) ** 3);
  }
}
