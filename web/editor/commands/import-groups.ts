import type { SourceFile } from "@editor/lib/dropped-files";

const MODELS = /\.(glb|gltf|obj|stl|ply|3mf|zip|fbx|usdz?|dae)$/i;
/** These name other files: buffers, materials, textures. */
const REFERRING = /\.(gltf|obj)$/i;

export interface ImportGroup {
  title: string;
  files: SourceFile[];
}

/** One import per model, so that one bad file fails alone. Buffers, materials and textures go with each model that may name them. */
export function importGroups(files: readonly SourceFile[]): ImportGroup[] {
  const others = files.filter(({ path }) => !MODELS.test(path));
  return files
    .filter(({ path }) => MODELS.test(path))
    .map((model) => ({
      title: model.path.split("/").at(-1) ?? model.path,
      files: REFERRING.test(model.path) ? [model, ...others] : [model],
    }));
}
