/** Materials of the document as three.js materials: one per material and kind of geometry, changed in place. */
import {
  Color,
  DoubleSide,
  FrontSide,
  type Material,
  MeshBasicMaterial,
  MeshNormalMaterial,
  MeshPhysicalMaterial,
  MeshStandardMaterial,
  type Texture,
} from "three";
import type { DrawGeometry } from "./geometries";
import type { MaterialSource, SceneSource } from "./sources";
import type { TextureCache } from "./textures";
import type { Shading } from "./types";

type Drawn = MeshStandardMaterial | MeshPhysicalMaterial | MeshBasicMaterial | MeshNormalMaterial;

/** What a slot without a material looks like: matt, light clay. */
const CLAY: MaterialSource = {
  baseColorFactor: [0.42, 0.43, 0.45, 1],
  metallicFactor: 0,
  roughnessFactor: 0.62,
  emissiveFactor: [0, 0, 0],
  emissiveStrength: 1,
  alphaMode: "OPAQUE",
  alphaCutoff: 0.5,
  doubleSided: true,
  baseColorTexture: null,
  metallicRoughnessTexture: null,
  normalTexture: null,
  occlusionTexture: null,
  emissiveTexture: null,
  extensions: {},
};

export class MaterialCache {
  /** Grows when a material object was replaced and must be looked up again. */
  generation = 0;
  private readonly drawn = new Map<string, { id: string | null; geometry: Kind; material: Drawn }>();
  private shading: Shading = "shaded";

  constructor(
    private readonly store: SceneSource,
    private readonly textures: TextureCache,
  ) {}

  setShading(shading: Shading): void {
    if (shading === this.shading) return;
    this.shading = shading;
    this.generation += 1;
    for (const entry of this.drawn.values()) entry.material.dispose();
    this.drawn.clear();
  }

  get(id: string | null, geometry: Kind): Material {
    const key = `${id ?? ""}|${geometry.hasNormals}|${geometry.hasColors}`;
    let entry = this.drawn.get(key);
    if (!entry) {
      entry = { id, geometry, material: this.make(id, geometry) };
      this.drawn.set(key, entry);
    }
    return entry.material;
  }

  blends(id: string | null): boolean {
    return this.shading === "shaded" && this.source(id).alphaMode === "BLEND";
  }

  /** Takes over the present values of one material, or of all (textures that arrived). */
  update(id?: string): void {
    for (const entry of this.drawn.values()) {
      if (id !== undefined && entry.id !== id) continue;
      if (entry.material.type === kindOf(this.source(entry.id), this.shading))
        this.fill(entry.material, entry.id, entry.geometry);
      else this.replace(entry);
    }
  }

  dispose(): void {
    for (const entry of this.drawn.values()) entry.material.dispose();
    this.drawn.clear();
  }

  private replace(entry: { id: string | null; geometry: Kind; material: Drawn }): void {
    entry.material.dispose();
    entry.material = this.make(entry.id, entry.geometry);
    this.generation += 1;
  }

  private source(id: string | null): MaterialSource {
    return (id === null ? undefined : this.store.material(id)) ?? CLAY;
  }

  private make(id: string | null, geometry: Kind): Drawn {
    const material = MAKERS[kindOf(this.source(id), this.shading)]();
    this.fill(material, id, geometry);
    return material;
  }

  private fill(material: Drawn, id: string | null, geometry: Kind): void {
    const source =
      this.shading === "solid" || this.shading === "wireframe" ? { ...CLAY, doubleSided: true } : this.source(id);
    const before = programOf(material);
    fillCommon(material, source, this.textures);
    material.vertexColors = geometry.hasColors && this.shading === "shaded";
    if ("flatShading" in material) material.flatShading = !geometry.hasNormals;
    if (material instanceof MeshStandardMaterial) fillStandard(material, source, this.textures);
    if (material instanceof MeshPhysicalMaterial) fillPhysical(material, source);
    material.wireframe = this.shading === "wireframe";
    if (material.wireframe && "color" in material) material.color.setRGB(0.42, 0.5, 0.62);
    if (programOf(material) !== before) material.needsUpdate = true;
  }
}

type Kind = Pick<DrawGeometry, "hasNormals" | "hasColors">;

const MAKERS = {
  MeshStandardMaterial: () => new MeshStandardMaterial(),
  MeshPhysicalMaterial: () => new MeshPhysicalMaterial(),
  MeshBasicMaterial: () => new MeshBasicMaterial(),
  MeshNormalMaterial: () => new MeshNormalMaterial(),
} as const;

const PHYSICAL = ["clearcoat", "sheen", "ior", "specular", "transmission", "volume", "iridescence"].map(
  (n) => `KHR_materials_${n}`,
);

/** The three.js class (its `type`) that shows a material. */
function kindOf(source: MaterialSource, shading: Shading): keyof typeof MAKERS {
  if (shading === "normals") return "MeshNormalMaterial";
  if (shading === "wireframe") return "MeshBasicMaterial";
  if (shading === "solid") return "MeshStandardMaterial";
  if ("KHR_materials_unlit" in source.extensions) return "MeshBasicMaterial";
  return PHYSICAL.some((name) => name in source.extensions) ? "MeshPhysicalMaterial" : "MeshStandardMaterial";
}

/** What the shader program depends on: when it changes three.js must compile anew. */
function programOf(material: Drawn): string {
  const maps = ["map", "metalnessMap", "normalMap", "aoMap", "emissiveMap"] as const;
  const used = maps.map((name) => {
    const texture = (material as Partial<Record<(typeof maps)[number], Texture | null>>)[name];
    return texture ? `${texture.channel}${texture.colorSpace}` : "";
  });
  return [
    ...used,
    material.vertexColors,
    material.alphaTest > 0,
    material.transparent,
    material.side,
    flatOf(material),
  ].join();
}

const flatOf = (material: Drawn) => "flatShading" in material && material.flatShading;

function fillCommon(material: Drawn, source: MaterialSource, textures: TextureCache): void {
  const [r, g, b, a] = source.baseColorFactor;
  if ("color" in material) material.color.setRGB(r, g, b);
  material.side = source.doubleSided ? DoubleSide : FrontSide;
  const blends = source.alphaMode === "BLEND";
  material.opacity = blends || source.alphaMode === "MASK" ? a : 1;
  material.transparent = blends;
  material.depthWrite = !blends;
  material.alphaTest = source.alphaMode === "MASK" ? Math.max(source.alphaCutoff, 1e-6) : 0;
  if ("map" in material) material.map = textures.get(source.baseColorTexture, true);
}

function fillStandard(material: MeshStandardMaterial, source: MaterialSource, textures: TextureCache): void {
  material.metalness = source.metallicFactor;
  material.roughness = source.roughnessFactor;
  material.metalnessMap = textures.get(source.metallicRoughnessTexture, false);
  material.roughnessMap = material.metalnessMap;
  material.normalMap = textures.get(source.normalTexture, false);
  const bump = source.normalTexture?.scale ?? 1;
  // Without tangents three.js derives the frame from v that grows downwards, hence the sign.
  material.normalScale.set(bump, -bump);
  material.aoMap = textures.get(source.occlusionTexture, false);
  material.aoMapIntensity = source.occlusionTexture?.strength ?? 1;
  material.emissive.setRGB(...source.emissiveFactor);
  material.emissiveIntensity = source.emissiveStrength;
  material.emissiveMap = textures.get(source.emissiveTexture, true);
}

/** The factors of the physical extensions that we keep as data; their textures are not drawn yet. */
function fillPhysical(material: MeshPhysicalMaterial, source: MaterialSource): void {
  const read = (extension: string, key: string, fallback: number) => {
    const value = (source.extensions[`KHR_materials_${extension}`] as Record<string, unknown> | undefined)?.[key];
    return typeof value === "number" ? value : fallback;
  };
  const colour = (extension: string, key: string, fallback: Color) => {
    const value = (source.extensions[`KHR_materials_${extension}`] as Record<string, unknown> | undefined)?.[key];
    return Array.isArray(value) && value.length === 3 ? new Color(...(value as [number, number, number])) : fallback;
  };
  material.clearcoat = read("clearcoat", "clearcoatFactor", 0);
  material.clearcoatRoughness = read("clearcoat", "clearcoatRoughnessFactor", 0);
  material.ior = read("ior", "ior", 1.5);
  material.specularIntensity = read("specular", "specularFactor", 1);
  material.specularColor = colour("specular", "specularColorFactor", new Color(1, 1, 1));
  material.sheenColor = colour("sheen", "sheenColorFactor", new Color(0, 0, 0));
  material.sheenRoughness = read("sheen", "sheenRoughnessFactor", 0);
  material.sheen = "KHR_materials_sheen" in source.extensions ? 1 : 0;
  material.transmission = read("transmission", "transmissionFactor", 0);
  material.thickness = read("volume", "thicknessFactor", 0);
  material.attenuationColor = colour("volume", "attenuationColor", new Color(1, 1, 1));
  material.attenuationDistance = read("volume", "attenuationDistance", Number.POSITIVE_INFINITY);
  material.iridescence = read("iridescence", "iridescenceFactor", 0);
  material.iridescenceIOR = read("iridescence", "iridescenceIor", 1.3);
}
