import type { Project } from "@core/project";
import { writeGlb } from "@editor/lib/glb";
import { box, cylinder, plane, type Shape, sphere, torus } from "@editor/lib/shapes";
import { importFiles } from "./import-files";

export const SHAPES = { Box: box, Sphere: sphere, Cylinder: cylinder, Plane: plane, Torus: torus } as const;
export type ShapeName = keyof typeof SHAPES;

const GREY = { name: "Grey", colour: [0.6, 0.6, 0.6], roughness: 0.7 } as const;

/** Shapes are made here and go in as a file: geometry has one way into a project. */
export function addShape(project: Project, name: ShapeName): Promise<void> {
  const shape: Shape = SHAPES[name]();
  const glb = writeGlb([{ name, shape, translation: [0, restingHeight(shape), 0] }], [GREY]);
  return importFiles(project, [
    { file: new File([glb], `${name}.glb`, { type: "model/gltf-binary" }), path: `${name}.glb` },
  ]);
}

/** So that it stands on the ground. */
function restingHeight(shape: Shape): number {
  const ys = shape.positions.filter((_, i) => i % 3 === 1);
  return 0 - Math.min(...ys);
}
