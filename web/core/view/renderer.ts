/** The WebGL renderer on the canvas: its size, its loss and return, and drawing on demand instead of on every frame. */
import { Color, NeutralToneMapping, PerspectiveCamera, Scene, SRGBColorSpace, WebGLRenderer } from "three";
import { VERTICAL_FOV } from "./camera";

const MAX_PIXEL_RATIO = 2;
/** Milliseconds. A fence tells only between tasks how it stands. */
const GPU_POLL = 30;

export class Stage {
  readonly renderer: WebGLRenderer;
  /** What is in the scene, lit and depth-tested. */
  readonly scene = new Scene();
  /** Drawn over it: the gizmo. */
  readonly overlay = new Scene();
  readonly camera = new PerspectiveCamera(VERTICAL_FOV, 1, 0.1, 1000);
  /** CSS pixels. */
  width = 1;
  height = 1;

  private scheduled = 0;
  private lost = false;
  private readonly resizing: ResizeObserver;

  /** `draw` is called in an animation frame after `invalidate()`, and after a lost context came back. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly draw: () => void,
  ) {
    this.renderer = new WebGLRenderer({
      canvas,
      antialias: true,
      alpha: false,
      stencil: false,
      powerPreference: "high-performance",
    });
    this.renderer.outputColorSpace = SRGBColorSpace;
    this.renderer.toneMapping = NeutralToneMapping;
    this.renderer.autoClear = false;
    this.renderer.info.autoReset = false;
    this.renderer.setClearColor(new Color(0x16181d), 1);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(canvas);
    canvas.style.touchAction = "none";
    canvas.addEventListener("webglcontextlost", this.onLost);
    canvas.addEventListener("webglcontextrestored", this.onRestored);
    this.resize();
  }

  /** Asks for one frame; any number of calls before it make one. */
  invalidate = (): void => {
    this.canvas.dataset.settled = "false";
    if (this.scheduled !== 0 || this.lost) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      if (!this.lost) this.draw();
    });
  };

  get pixelRatio(): number {
    return this.renderer.getPixelRatio();
  }

  /** Draws both scenes into the canvas as it is now. */
  render(between: () => void): void {
    this.renderer.info.reset();
    this.renderer.clear();
    this.renderer.render(this.scene, this.camera);
    between();
    this.renderer.clearDepth();
    this.renderer.render(this.overlay, this.camera);
  }

  /** Calls back when the GPU has done all that it was told so far; not after the context was lost. */
  whenDrawn(then: () => void): void {
    const gl = this.renderer.getContext() as WebGL2RenderingContext;
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    if (!sync) return;
    const look = () => {
      if (this.lost) return;
      if (gl.getSyncParameter(sync, gl.SYNC_STATUS) !== gl.SIGNALED) {
        setTimeout(look, GPU_POLL);
        return;
      }
      gl.deleteSync(sync);
      then();
    };
    gl.flush();
    setTimeout(look, GPU_POLL);
  }

  resize(): void {
    this.width = Math.max(1, this.canvas.clientWidth);
    this.height = Math.max(1, this.canvas.clientHeight);
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio || 1, MAX_PIXEL_RATIO));
    this.renderer.setSize(this.width, this.height, false);
    this.camera.aspect = this.width / this.height;
    this.camera.updateProjectionMatrix();
    this.invalidate();
  }

  dispose(): void {
    cancelAnimationFrame(this.scheduled);
    this.lost = true;
    this.resizing.disconnect();
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.canvas.removeEventListener("webglcontextrestored", this.onRestored);
    this.renderer.dispose();
  }

  private readonly onLost = (event: Event): void => {
    event.preventDefault();
    this.lost = true;
    cancelAnimationFrame(this.scheduled);
    this.scheduled = 0;
  };

  private readonly onRestored = (): void => {
    this.lost = false;
    this.invalidate();
  };
}
