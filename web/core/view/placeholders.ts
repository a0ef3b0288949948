/** Bounding boxes of what is not loaded yet: one draw call, faint faces with bright edges. */
import { BoxGeometry, DoubleSide, InstancedMesh, Matrix4, type Scene, ShaderMaterial, Vector3 } from "three";
import type { Drawable } from "./objects";

export class Placeholders {
  private mesh: InstancedMesh;
  private readonly material = boxMaterial();
  private readonly geometry = new BoxGeometry(2, 2, 2);

  constructor(private readonly scene: Scene) {
    this.mesh = this.allocate(16);
  }

  /** Draws boxes for exactly these. */
  set(waiting: readonly Drawable[]): void {
    if (waiting.length > this.mesh.instanceMatrix.count) {
      this.scene.remove(this.mesh);
      this.mesh.dispose();
      this.mesh = this.allocate(waiting.length * 2);
    }
    this.mesh.count = waiting.length;
    this.mesh.visible = waiting.length > 0;
    const origin = waiting[0]?.ball.center ?? new Vector3();
    this.mesh.matrixWorld.makeTranslation(origin);
    waiting.forEach((drawable, index) => {
      this.mesh.setMatrixAt(index, boxMatrix(drawable, origin));
    });
    this.mesh.instanceMatrix.needsUpdate = true;
  }

  dispose(): void {
    this.scene.remove(this.mesh);
    this.mesh.dispose();
    this.geometry.dispose();
    this.material.dispose();
  }

  private allocate(count: number): InstancedMesh {
    const mesh = new InstancedMesh(this.geometry, this.material, count);
    mesh.frustumCulled = false;
    mesh.matrixAutoUpdate = false;
    mesh.matrixWorldAutoUpdate = false;
    mesh.renderOrder = 20;
    this.scene.add(mesh);
    return mesh;
  }
}

function boxMatrix(drawable: Drawable, origin: Vector3): Matrix4 {
  const { center, half } = drawable.facts as NonNullable<Drawable["facts"]>;
  const matrix = drawable.node.world.clone().multiply(new Matrix4().makeTranslation(center));
  matrix.scale(new Vector3(Math.max(half.x, 1e-9), Math.max(half.y, 1e-9), Math.max(half.z, 1e-9)));
  const e = matrix.elements;
  return matrix.setPosition(e[12] - origin.x, e[13] - origin.y, e[14] - origin.z);
}

function boxMaterial(): ShaderMaterial {
  return new ShaderMaterial({
    transparent: true,
    depthWrite: false,
    side: DoubleSide,
    toneMapped: false,
    vertexShader: `varying vec2 vAt;
      void main() { vAt = uv; gl_Position = projectionMatrix * modelViewMatrix * instanceMatrix * vec4(position, 1.0); }`,
    fragmentShader: `varying vec2 vAt;
      void main() {
        vec2 border = min(vAt, 1.0 - vAt) / max(fwidth(vAt), vec2(1e-6));
        float edge = clamp(1.6 - min(border.x, border.y), 0.0, 1.0);
        gl_FragColor = vec4(0.56, 0.64, 0.78, mix(0.035, 0.5, edge));
      }`,
  });
}
