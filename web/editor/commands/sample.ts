/** The sample: a still life made here, so that nothing is fetched and its files take the same way as everybody's. */
import { add } from "@core/nodes";
import type { Project } from "@core/project";
import { addCamera, addLight } from "@core/resources";
import { type GlbMaterial, type GlbNode, writeGlb } from "@editor/lib/glb";
import { quaternionOf } from "@editor/lib/rotation";
import { box, cylinder, plane, type Shape, sphere, torus } from "@editor/lib/shapes";
import { local } from "@editor/state/local";
import { viewport } from "@editor/state/viewport";

export const SAMPLE_NAME = "Still life (sample)";

const MATERIALS: GlbMaterial[] = [
  { name: "Plaster", colour: [0.72, 0.69, 0.64], roughness: 0.92 },
  { name: "Terracotta", colour: [0.56, 0.16, 0.08], roughness: 0.75 },
  { name: "Indigo glaze", colour: [0.05, 0.07, 0.32], roughness: 0.18 },
  { name: "Brass", colour: [0.78, 0.5, 0.16], metallic: 1, roughness: 0.28 },
  { name: "Sage", colour: [0.2, 0.31, 0.2], roughness: 0.85 },
  { name: "Linen", colour: [0.42, 0.41, 0.4], roughness: 1 },
  { name: "Glow", colour: [1, 0.8, 0.55], roughness: 1, emissive: [1, 0.62, 0.25] },
];
const [PLASTER, TERRACOTTA, INDIGO, BRASS, SAGE, LINEN, GLOW] = [0, 1, 2, 3, 4, 5, 6] as const;

const thing = (
  name: string,
  shape: Shape,
  material: number,
  translation: number[],
  more: Partial<GlbNode> = {},
): GlbNode => ({
  name,
  shape,
  material,
  translation,
  ...more,
});

/** A GLB of about 20 nodes and 30,000 triangles, standing on y = 0, 3 m wide. */
export function sampleGlb(): Uint8Array<ArrayBuffer> {
  return writeGlb([stage(), plinths(), vases(), lamp(), beads()], MATERIALS);
}

function stage(): GlbNode {
  return {
    name: "Stage",
    children: [
      thing("Floor", plane(5), LINEN, [0, 0, 0]),
      thing("Back wall", box(5, 2.4, 0.08), PLASTER, [0, 1.2, -1.6]),
    ],
  };
}

function plinths(): GlbNode {
  const block = box();
  return {
    name: "Plinths",
    children: [
      thing("Low plinth", block, PLASTER, [0.05, 0.15, 0.2], { scale: [1.5, 0.3, 0.9] }),
      thing("Middle plinth", block, PLASTER, [-0.75, 0.3, -0.55], { scale: [0.7, 0.6, 0.7] }),
      thing("Tall plinth", block, SAGE, [0.75, 0.5, -0.7], { scale: [0.6, 1, 0.6] }),
    ],
  };
}

function vases(): GlbNode {
  return {
    name: "Vessels",
    children: [
      thing("Jug", cylinder(0.2, 0.5, 0.12), TERRACOTTA, [-0.75, 0.85, -0.55], {
        children: [
          thing("Handle", torus(0.13, 0.022), TERRACOTTA, [0.17, 0.02, 0], { rotation: quaternionOf([90, 0, 0]) }),
        ],
      }),
      thing("Moon jar", sphere(0.26, 96, 48), INDIGO, [0.35, 0.55, 0.2]),
      thing("Bowl", cylinder(0.12, 0.14, 0.24, 96), SAGE, [-0.3, 0.37, 0.35]),
      thing("Ring", torus(0.3, 0.06, 128, 48), BRASS, [0.75, 1.34, -0.7], { rotation: quaternionOf([78, 0, 24]) }),
    ],
  };
}

function lamp(): GlbNode {
  return {
    name: "Lamp",
    translation: [-1.55, 0, -0.35],
    children: [
      thing("Foot", cylinder(0.18, 0.03), BRASS, [0, 0.015, 0]),
      thing("Stem", cylinder(0.014, 1.5), BRASS, [0, 0.78, 0]),
      thing("Bulb", sphere(0.13), GLOW, [0, 1.6, 0]),
    ],
  };
}

function beads(): GlbNode {
  const bead = sphere(0.055, 32, 16);
  const children = [0, 1, 2, 3, 4].map((i) =>
    thing(`Bead ${i + 1}`, bead, i % 2 ? BRASS : TERRACOTTA, [0.95 + 0.13 * i - 0.02 * i * i, 0.055, 0.75 - 0.1 * i]),
  );
  return { name: "Beads", children };
}

const POSE = { position: [2.6, 1.9, 4.4], target: [-0.1, 0.65, -0.4] } as const;

/** The first look at it: from where a painter would sit. */
export function presentSample(nodes: readonly string[]): void {
  local().expand(nodes, true);
  const view = viewport();
  if (view) view.camera = POSE;
}

/** What is added by edits beside the import: light and a camera. */
export function lightSample(project: Project): void {
  const { scene } = project;
  const window = { name: "Window", type: "directional", color: [1, 0.96, 0.9], intensity: 2.2 } as const;
  const lamp = { name: "Lamp light", type: "point", color: [1, 0.72, 0.42], intensity: 6 } as const;
  project.edit("Sample", () => {
    add(scene, {
      name: "Window light",
      light: addLight(scene, window),
      translation: [2.2, 3, 2.6],
      rotation: quaternionOf([-42, 36, 0]),
    });
    add(scene, { name: "Lamp light", light: addLight(scene, lamp), translation: [-1.55, 1.6, -0.2] });
    const camera = addCamera(scene, { name: "Front", yfov: 0.7 });
    add(scene, { name: "Front camera", camera, translation: [0, 1.3, 4.6], rotation: quaternionOf([-7, 0, 0]) });
  });
  project.history.clear();
}
