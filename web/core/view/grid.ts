/** The ground: lines at a power of ten metres that follow the zoom, axes through zero, all fading out with distance. */
import { DoubleSide, Mesh, PlaneGeometry, ShaderMaterial, Vector2, Vector3 } from "three";
import { distanceOf } from "./camera";
import type { CameraPose } from "./types";

/** Half the side of the plane, in distances between camera and target. */
const REACH = 14;

export class Grid {
  readonly object: Mesh<PlaneGeometry, ShaderMaterial>;

  constructor() {
    this.object = new Mesh(new PlaneGeometry(2, 2).rotateX(-Math.PI / 2), gridMaterial());
    this.object.frustumCulled = false;
    this.object.renderOrder = 10;
  }

  /** Moves the plane under the target. All coordinates given to the shader are relative to it, hence exact far from zero. */
  update(pose: CameraPose): void {
    const scale = gridScale(pose);
    const [x, , z] = pose.target;
    const uniforms = this.object.material.uniforms as GridUniforms;
    this.object.position.set(x, 0, z);
    this.object.scale.setScalar(REACH * scale.reach);
    uniforms.cell.value = scale.cell;
    uniforms.fade.value = scale.fade;
    uniforms.radius.value = REACH * scale.reach;
    uniforms.offset.value.set(remainder(x, scale.cell * 100), remainder(z, scale.cell * 100));
    uniforms.center.value.set(x, z);
    uniforms.eye.value.set(pose.position[0] - x, pose.position[1], pose.position[2] - z);
  }

  dispose(): void {
    this.object.geometry.dispose();
    this.object.material.dispose();
  }
}

/** Spacing of the finest lines (metres), how far they have faded towards the next ten (0…1), and the size of the plane. */
export function gridScale(pose: CameraPose): { cell: number; fade: number; reach: number } {
  const reach = Math.max(distanceOf(pose), Math.abs(pose.position[1]), 1e-4);
  const exponent = Math.log10(reach / 8);
  const floor = Math.floor(exponent);
  return { cell: 10 ** floor, fade: exponent - floor, reach };
}

/** x modulo m in float64, 0 ≤ result < m. */
function remainder(x: number, m: number): number {
  return ((x % m) + m) % m;
}

interface GridUniforms {
  [name: string]: { value: unknown };
  cell: { value: number };
  fade: { value: number };
  radius: { value: number };
  offset: { value: Vector2 };
  center: { value: Vector2 };
  eye: { value: Vector3 };
}

function gridMaterial(): ShaderMaterial {
  const uniforms: GridUniforms = {
    cell: { value: 1 },
    fade: { value: 0 },
    radius: { value: 1 },
    offset: { value: new Vector2() },
    center: { value: new Vector2() },
    eye: { value: new Vector3() },
  };
  return new ShaderMaterial({
    uniforms,
    side: DoubleSide,
    transparent: true,
    depthWrite: false,
    toneMapped: false,
    polygonOffset: true,
    polygonOffsetFactor: 1,
    polygonOffsetUnits: 2,
    vertexShader: `uniform float radius; varying vec2 vAt;
      void main() { vAt = position.xz * radius; gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }`,
    fragmentShader: `uniform float cell, fade, radius; uniform vec2 offset, center; uniform vec3 eye; varying vec2 vAt;
      float lines(vec2 at, float spacing, float width) {
        vec2 scaled = at / spacing;
        vec2 pixel = fwidth(scaled);
        vec2 near = abs(fract(scaled - 0.5) - 0.5) / max(pixel, vec2(1e-6));
        vec2 line = clamp(width * 0.5 + 0.5 - near, 0.0, 1.0) * (1.0 - smoothstep(0.25, 0.7, pixel));
        return max(line.x, line.y);
      }
      float axis(float at) { return clamp(1.25 - abs(at) / max(fwidth(at), 1e-9), 0.0, 1.0); }
      void main() {
        vec2 at = vAt + offset;
        float fine = lines(at, cell, 1.0) * (1.0 - fade);
        float middle = lines(at, cell * 10.0, 1.0) * mix(1.6, 1.0, fade);
        float coarse = lines(at, cell * 100.0, 1.0) * 1.6;
        float strength = 0.085 * max(max(fine, middle), coarse);
        vec3 colour = vec3(0.72, 0.77, 0.86);
        float x = axis(vAt.y + center.y), z = axis(vAt.x + center.x);
        if (x > 0.0) { colour = mix(colour, vec3(0.93, 0.33, 0.38), x); strength = max(strength, 0.62 * x); }
        if (z > 0.0) { colour = mix(colour, vec3(0.33, 0.55, 0.98), z); strength = max(strength, 0.62 * z); }
        vec3 sight = vec3(vAt.x, 0.0, vAt.y) - eye;
        float grazing = smoothstep(0.0, 0.10, abs(sight.y) / length(sight));
        float distant = 1.0 - smoothstep(0.25, 0.95, length(vAt) / radius);
        gl_FragColor = vec4(colour, strength * grazing * distant);
      }`,
  });
}
