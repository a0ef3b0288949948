/** The light and the backdrop: a small studio built here, prefiltered once, and a dark gradient behind the scene. */
import {
  BackSide,
  BoxGeometry,
  BufferAttribute,
  BufferGeometry,
  type Camera,
  Color,
  DirectionalLight,
  Mesh,
  MeshBasicMaterial,
  PMREMGenerator,
  type Scene,
  ShaderMaterial,
  SphereGeometry,
  Scene as StudioScene,
  type Texture,
  type WebGLRenderer,
} from "three";
import type { Vec3 } from "./types";

interface Panel {
  readonly color: number;
  readonly strength: number;
  readonly at: Vec3;
  readonly size: Vec3;
}

/** Soft boxes: colour temperature, strength, place and size (metres, the studio is a ball of radius 10). */
const PANELS: readonly Panel[] = [
  { color: 0xfff1e0, strength: 16, at: [5.5, 5, 3.5], size: [3.4, 0.1, 3.4] },
  { color: 0xdfeaff, strength: 7, at: [-6.5, 3, 2], size: [0.1, 3.6, 4] },
  { color: 0xeaf0ff, strength: 9, at: [-1, 4, -7.5], size: [5, 2, 0.1] },
  { color: 0xffffff, strength: 4.5, at: [0, 7.5, 0], size: [5, 0.1, 5] },
  { color: 0xffe9d2, strength: 2.2, at: [3, 0.8, 8], size: [3, 1.4, 0.1] },
];

const KEY_STRENGTH = 1.5;

export class Environment {
  private texture: Texture | null = null;
  private readonly key = new DirectionalLight(0xfff4e6, KEY_STRENGTH);
  private readonly backdrop = makeBackdrop();

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly scene: Scene,
  ) {
    this.key.matrixAutoUpdate = false;
    scene.add(this.backdrop, this.key, this.key.target);
    this.build();
  }

  /** Prefilters the studio; again after a lost context. */
  build(): void {
    this.texture?.dispose();
    const generator = new PMREMGenerator(this.renderer);
    const studio = makeStudio();
    this.texture = generator.fromScene(studio, 0.03, 0.1, 30).texture;
    generator.dispose();
    disposeScene(studio);
    this.scene.environment = this.texture;
  }

  /** The key light shines over the viewer's left shoulder. Lights of the scene itself take over from the studio. */
  update(camera: Camera, sceneHasLights: boolean): void {
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

function makeStudio(): StudioScene {
  const studio = new StudioScene();
  const dome = new Mesh(new SphereGeometry(10, 32, 16), domeMaterial());
  studio.add(dome);
  for (const panel of PANELS) {
    const material = new MeshBasicMaterial({ color: new Color(panel.color).multiplyScalar(panel.strength) });
    const mesh = new Mesh(new BoxGeometry(panel.size[0], panel.size[1], panel.size[2]), material);
    mesh.position.set(...panel.at);
    studio.add(mesh);
  }
  return studio;
}

/** Darker below, so that undersides read as such. */
function domeMaterial(): ShaderMaterial {
  return new ShaderMaterial({
    side: BackSide,
    depthWrite: false,
    vertexShader:
      "varying vec3 vAt; void main() { vAt = position; gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }",
    fragmentShader: `varying vec3 vAt;
      void main() {
        float h = normalize(vAt).y;
        vec3 sky = mix(vec3(0.34, 0.37, 0.42), vec3(0.62, 0.66, 0.74), smoothstep(0.0, 0.9, h));
        vec3 ground = mix(vec3(0.24, 0.23, 0.22), vec3(0.09, 0.09, 0.095), smoothstep(0.0, 0.7, -h));
        gl_FragColor = vec4(h > 0.0 ? sky : ground, 1.0);
      }`,
  });
}

function disposeScene(studio: StudioScene): void {
  studio.traverse((object) => {
    if (!(object instanceof Mesh)) return;
    object.geometry.dispose();
    object.material.dispose();
  });
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
