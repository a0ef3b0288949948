import type { Project } from "@core/project";
import { addTexture, setValue } from "@core/resources";
import type { Material, NormalTextureInfo, OcclusionTextureInfo, TextureInfo } from "@core/schema";
import { readTexture, TextureRefused } from "@editor/lib/texture-file";
import { toast, toastError } from "@editor/state/toasts";

export type TextureKey = {
  [K in keyof Material]-?: NonNullable<Material[K]> extends TextureInfo ? K : never;
}[keyof Material] &
  `${string}Texture`;

export const TEXTURE_KEYS = [
  ["baseColorTexture", "Base colour"],
  ["metallicRoughnessTexture", "Metal/rough"],
  ["normalTexture", "Normal"],
  ["occlusionTexture", "Occlusion"],
  ["emissiveTexture", "Emissive"],
] as const;
export type TextureSlot = (typeof TEXTURE_KEYS)[number][0];

/** Uploads an image, then assigns it: nothing refers to a blob that is not there. */
export async function uploadTexture(project: Project, material: string, key: TextureSlot, file: File): Promise<void> {
  try {
    const image = await readTexture(file);
    const sha = await project.blobs.put(image.bytes);
    if (image.warning) toast(`“${file.name}” is large`, { tone: "warn", detail: image.warning });
    const { mimeType, width, height } = image;
    project.edit("Assign texture", () => {
      const texture = addTexture(project.scene, { name: file.name.slice(0, 256), image: sha, mimeType, width, height });
      write(project, material, key, texture);
    });
  } catch (error) {
    if (error instanceof TextureRefused) toast(error.message, { tone: "danger", detail: error.hint });
    else toastError("The texture was not uploaded", error);
  }
}

/** What one material does with its image: UV set, transform, strength. The image itself stays. */
export type TextureUse = Partial<Omit<NormalTextureInfo & OcclusionTextureInfo, "texture">>;

export function setTextureUse(
  project: Project,
  material: string,
  key: TextureSlot,
  change: TextureUse,
  gesture?: string,
): void {
  const old = project.store.material(material)?.[key];
  if (!old) return;
  const write = () => setValue(project.scene, "materials", material, key, { ...old, ...change });
  project.edit("Texture placement", write, gesture ? { mergeKey: gesture } : {});
}

export function assignTexture(project: Project, material: string, key: TextureSlot, texture: string | null): void {
  project.edit(texture ? "Assign texture" : "Remove texture", () => write(project, material, key, texture));
}

/** Keeps UV set and transform of what was there. */
function write(project: Project, material: string, key: TextureSlot, texture: string | null): void {
  const old = project.store.material(material)?.[key];
  setValue(project.scene, "materials", material, key, texture && { ...old, texture });
}
