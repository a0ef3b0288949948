import type { Project } from "@core/project";
import { addMaterial, setOverride, setSlot, setValue } from "@core/resources";
import type { Material } from "@core/schema";

export type MaterialKey = Exclude<keyof Material, "trashed">;

const LABELS: Partial<Record<MaterialKey, string>> = {
  name: "Rename material",
  baseColorFactor: "Base colour",
  metallicFactor: "Metallic",
  roughnessFactor: "Roughness",
  emissiveFactor: "Emissive colour",
  emissiveStrength: "Emissive strength",
};

export function setMaterial<K extends MaterialKey>(
  project: Project,
  material: string,
  key: K,
  value: Material[K],
  gesture?: string,
): void {
  const write = () => setValue(project.scene, "materials", material, key, value);
  project.edit(LABELS[key] ?? "Change material", write, gesture ? { mergeKey: gesture } : {});
}

/** Where a material is put: on the mesh (all its instances) or on one node only. */
export type SlotTarget = { mesh: string; slot: string } | { node: string; slot: string };

export function assignMaterial(project: Project, target: SlotTarget, material: string | null): void {
  project.edit("Assign material", () => assign(project, target, material));
}

/** A new material in a slot; a copy of `from` when given. Returns its id. */
export function newMaterial(project: Project, target: SlotTarget, from?: string): string {
  let id = "";
  project.edit(from ? "Copy material" : "New material", () => {
    id = addMaterial(
      project.scene,
      from ? copyOf(project, from) : { name: "Material", metallicFactor: 0, roughnessFactor: 0.6 },
    );
    assign(project, target, id);
  });
  return id;
}

function assign(project: Project, target: SlotTarget, material: string | null): void {
  if ("mesh" in target) setSlot(project.scene, target.mesh, target.slot, material);
  else setOverride(project.scene, target.node, target.slot, material);
}

function copyOf(project: Project, id: string): Partial<Omit<Material, "trashed">> {
  const material = project.store.material(id);
  if (!material) return {};
  const { id: _id, trashed: _trashed, ...fields } = material;
  return { ...fields, name: `${material.name || "Material"} copy` };
}
