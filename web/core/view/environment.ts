/** The light and the backdrop: a small studio and a key light, and a dark gradient behind the scene. */
import {
  BufferAttribute,
  BufferGeometry,
  type Camera,
  type CubeTexture,
  DirectionalLight,
  Mesh,
  type Scene,
  ShaderMaterial,
} from "three";
import { studioMap } from "./studio-map";

const KEY_STRENGTH = 1.5;

export class Environment {
  private texture: CubeTexture | null = null;
  private readonly key = new DirectionalLight(0xfff4e6, KEY_STRENGTH);
  private readonly backdrop = makeBackdrop();

  constructor(private readonly scene: Scene) {
    this.key.matrixAutoUpdate = false;
    scene.add(this.backdrop, this.key, this.key.target);
  }

  /** The key light shines over the viewer's left shoulder. Lights of the scene itself take over from the studio. */
  update(camera: Camera, sceneHasLights: boolean): void {
    this.texture ??= studioMap(); // with the first frame, while what it lacks is on its way
    this.scene.environment = this.texture;
    this.scene.environmentIntensity = sceneHasLights ? 0.3 : 0.62;
    this.key.intensity = sceneHasLights ? 0 : KEY_STRENGTH;
    this.key.position.set(-0.75, 0.95, 0.6).transformDirection(camera.matrixWorld);
    this.key.target.position.set(0, 0, 0);
    this.key.updateMatrix();
    this.key.target.updateMatrix();
  }

  dispose(): void {
    this.texture?.dispose();
    this.backdrop.geometry.dispose();
    this.backdrop.material.dispose();
    this.key.dispose();
  }
}

/** One triangle over the whole viewport, at the far plane; a little noise hides the bands of a dark gradient. */
function makeBackdrop(): Mesh<BufferGeometry, ShaderMaterial> {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array([-1, -1, 1, 3, -1, 1, -1, 3, 1]), 3));
  const material = new ShaderMaterial({
    depthTest: false,
    depthWrite: false,
    toneMapped: false,
    vertexShader: "varying vec2 vAt; void main() { vAt = position.xy; gl_Position = vec4(position.xy, 1.0, 1.0); }",
    fragmentShader: `varying vec2 vAt;
      void main() {
        float rise = smoothstep(-1.0, 1.1, vAt.y);
        vec3 colour = mix(vec3(0.071, 0.077, 0.092), vec3(0.128, 0.140, 0.166), rise);
        colour *= 1.0 - 0.16 * dot(vAt, vAt) * 0.5;
        float noise = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453);
        gl_FragColor = vec4(colour + (noise - 0.5) / 255.0, 1.0);
      }`,
  });
  const mesh = new Mesh(geometry, material);
  mesh.frustumCulled = false;
  mesh.renderOrder = -1000;
  mesh.matrixAutoUpdate = false;
  return mesh;
}
