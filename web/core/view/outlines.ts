/**
 * Outlines of selections: the selected are drawn flat into a mask, and the mask's border is laid over the picture, only
 * within the rectangle that they cover. Even width, any mesh, through whatever stands in front; nothing when none is selected.
 */
import {
  BufferAttribute,
  BufferGeometry,
  Color,
  DoubleSide,
  LinearFilter,
  Mesh,
  NoBlending,
  type PerspectiveCamera,
  Scene,
  ShaderMaterial,
  Vector2,
  type Vector3,
  type WebGLRenderer,
  WebGLRenderTarget,
} from "three";
import type { DrawGeometry } from "./geometries";
import type { Drawable } from "./objects";

export interface Outline {
  readonly drawable: Drawable;
  readonly geometry: DrawGeometry;
  /** `#rrggbb`. */
  readonly color: string;
}

/** Pixels of the screen, both for mask and picture. */
interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Pixels at a ratio of 1. */
const WIDTH = 2.2;
/** Pixels around the drawn rectangle that the border's looks may reach; cleared with it. */
const REACH = 6;

export class Outlines {
  private readonly mask = new WebGLRenderTarget(1, 1, {
    minFilter: LinearFilter,
    magFilter: LinearFilter,
    depthBuffer: false,
  });
  private readonly scene = new Scene();
  private readonly pool: Mesh<BufferGeometry, ShaderMaterial>[] = [];
  private readonly materials = new Map<string, ShaderMaterial>();
  private readonly border = new Mesh(screenTriangle(), borderMaterial());
  private readonly overlay = new Scene();
  private outlines: readonly Outline[] = [];

  constructor() {
    this.border.frustumCulled = false;
    this.overlay.add(this.border);
    this.scene.matrixWorldAutoUpdate = false;
  }

  /** What to outline; later ones lie over earlier ones. */
  set(outlines: readonly Outline[]): void {
    this.outlines = outlines;
    while (this.pool.length < outlines.length) this.pool.push(this.makeMesh());
    this.pool.forEach((mesh, index) => {
      const outline = outlines[index];
      mesh.visible = outline !== undefined;
      if (!outline) return;
      mesh.geometry = outline.geometry.buffer;
      mesh.material = this.material(outline.color);
      mesh.matrixWorld.copy(outline.drawable.matrix);
      mesh.renderOrder = index;
    });
  }

  render(renderer: WebGLRenderer, camera: PerspectiveCamera): void {
    if (this.outlines.length === 0) return;
    const size = renderer.getDrawingBufferSize(new Vector2());
    const rectangle = this.rectangle(camera, size);
    if (!rectangle) return;
    if (this.mask.width !== size.x || this.mask.height !== size.y) this.mask.setSize(size.x, size.y);
    this.drawMask(renderer, camera, rectangle);
    this.drawBorder(renderer, camera, rectangle, size);
  }

  dispose(): void {
    this.mask.dispose();
    for (const material of this.materials.values()) material.dispose();
    this.border.geometry.dispose();
    this.border.material.dispose();
  }

  private drawMask(renderer: WebGLRenderer, camera: PerspectiveCamera, at: Rectangle): void {
    const clear = renderer.getClearColor(new Color());
    const alpha = renderer.getClearAlpha();
    this.mask.scissorTest = true;
    this.mask.scissor.set(at.x - REACH, at.y - REACH, at.width + 2 * REACH, at.height + 2 * REACH);
    renderer.setRenderTarget(this.mask);
    renderer.setClearColor(0x000000, 0);
    renderer.clear(true, false, false);
    renderer.render(this.scene, camera);
    renderer.setRenderTarget(null);
    renderer.setClearColor(clear, alpha);
  }

  private drawBorder(renderer: WebGLRenderer, camera: PerspectiveCamera, at: Rectangle, size: Vector2): void {
    const ratio = renderer.getPixelRatio();
    const uniforms = this.border.material.uniforms;
    (uniforms.mask as { value: unknown }).value = this.mask.texture;
    (uniforms.texel as { value: Vector2 }).value.set(
      (WIDTH * Math.max(1, ratio)) / size.x,
      (WIDTH * Math.max(1, ratio)) / size.y,
    );
    renderer.setScissorTest(true);
    renderer.setScissor(at.x / ratio, at.y / ratio, at.width / ratio, at.height / ratio);
    renderer.render(this.overlay, camera);
    renderer.setScissorTest(false);
  }

  /** Where the outlined balls appear, in pixels from the bottom left; null when they are off the screen. */
  private rectangle(camera: PerspectiveCamera, size: Vector2): Rectangle | null {
    let [left, bottom, right, top] = [size.x, size.y, 0, 0];
    for (const { drawable } of this.outlines) {
      const seen = projectBall(camera, drawable.ball.center, drawable.ball.radius, size);
      left = Math.min(left, seen.left);
      bottom = Math.min(bottom, seen.bottom);
      right = Math.max(right, seen.right);
      top = Math.max(top, seen.top);
    }
    const margin = WIDTH * 3;
    const x = Math.max(0, Math.floor(left - margin));
    const y = Math.max(0, Math.floor(bottom - margin));
    const width = Math.min(size.x, Math.ceil(right + margin)) - x;
    const height = Math.min(size.y, Math.ceil(top + margin)) - y;
    return width > 0 && height > 0 ? { x, y, width, height } : null;
  }

  private material(color: string): ShaderMaterial {
    let material = this.materials.get(color);
    if (!material) {
      material = flatMaterial(color);
      this.materials.set(color, material);
    }
    return material;
  }

  private makeMesh(): Mesh<BufferGeometry, ShaderMaterial> {
    const mesh = new Mesh(new BufferGeometry(), this.material("#ffffff"));
    mesh.frustumCulled = false;
    mesh.matrixAutoUpdate = false;
    mesh.matrixWorldAutoUpdate = false;
    this.scene.add(mesh);
    return mesh;
  }
}

/** Bounds on the screen of a ball, generous; the whole screen when the camera is inside or too near. */
export function projectBall(
  camera: PerspectiveCamera,
  center: Vector3,
  radius: number,
  size: { readonly x: number; readonly y: number },
): { left: number; bottom: number; right: number; top: number } {
  const view = center.clone().applyMatrix4(camera.matrixWorldInverse);
  const depth = -view.z;
  if (depth <= radius * 1.05) {
    return depth < -radius
      ? { left: size.x, bottom: size.y, right: 0, top: 0 }
      : { left: 0, bottom: 0, right: size.x, top: size.y };
  }
  const scale = size.y / 2 / Math.tan((camera.fov * Math.PI) / 360);
  const spread = (radius / Math.sqrt(depth * depth - radius * radius)) * scale * (view.length() / depth);
  const x = size.x / 2 + (view.x / depth) * scale;
  const y = size.y / 2 + (view.y / depth) * scale;
  return { left: x - spread, bottom: y - spread, right: x + spread, top: y + spread };
}

function flatMaterial(color: string): ShaderMaterial {
  return new ShaderMaterial({
    side: DoubleSide,
    depthTest: false,
    depthWrite: false,
    blending: NoBlending,
    toneMapped: false,
    uniforms: { color: { value: new Color().setStyle(color, "srgb-linear") } },
    vertexShader: "void main() { gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }",
    fragmentShader: "uniform vec3 color; void main() { gl_FragColor = vec4(color, 1.0); }",
  });
}

/** Twelve looks around each pixel; outside of the mask the share of them that lie inside is the outline's strength. */
function borderMaterial(): ShaderMaterial {
  return new ShaderMaterial({
    transparent: true,
    depthTest: false,
    depthWrite: false,
    toneMapped: false,
    uniforms: { mask: { value: null }, texel: { value: new Vector2() } },
    vertexShader:
      "varying vec2 vAt; void main() { vAt = position.xy * 0.5 + 0.5; gl_Position = vec4(position.xy, 0.0, 1.0); }",
    fragmentShader: `uniform sampler2D mask; uniform vec2 texel; varying vec2 vAt;
      vec4 sum = vec4(0.0);
      void look(vec2 way) { sum += texture2D(mask, vAt + way * texel); }
      void main() {
        vec4 here = texture2D(mask, vAt);
        look(vec2(1.0, 0.0)); look(vec2(-1.0, 0.0)); look(vec2(0.0, 1.0)); look(vec2(0.0, -1.0));
        look(vec2(0.71, 0.71)); look(vec2(-0.71, 0.71)); look(vec2(0.71, -0.71)); look(vec2(-0.71, -0.71));
        look(vec2(0.5, 0.0)); look(vec2(-0.5, 0.0)); look(vec2(0.0, 0.5)); look(vec2(0.0, -0.5));
        if (sum.a == 0.0) discard;
        vec3 colour = sum.rgb / sum.a;
        float outside = smoothstep(0.0, 2.5, sum.a) * (1.0 - here.a);
        float between = here.a * step(0.02, distance(colour, here.rgb)) * 0.9;
        gl_FragColor = vec4(colour, max(outside, between));
      }`,
  });
}

function screenTriangle(): BufferGeometry {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3));
  return geometry;
}
