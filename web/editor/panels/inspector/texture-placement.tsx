import type { NormalTextureInfo, OcclusionTextureInfo, TextureInfo, TextureTransform } from "@core/schema";
import type { MaterialSnapshot } from "@core/store";
import { setTextureUse, type TextureSlot, type TextureUse } from "@editor/commands/texture";
import { useProject } from "@editor/state/project";
import { Row, Select } from "@editor/ui/field";
import { NumberField } from "@editor/ui/number-field";
import { SliderField } from "./slider-field";

const DEGREES = 180 / Math.PI;
const UV_SETS = [
  ["0", "First"],
  ["1", "Second"],
  ["2", "Third"],
  ["3", "Fourth"],
] as const;

interface PlacementProps {
  material: MaterialSnapshot;
  field: TextureSlot;
  label: string;
}

/** Where a texture lies on the surface, and how strongly normals and occlusion count. */
export function TexturePlacement({ material, field, label }: PlacementProps) {
  const project = useProject();
  const use = material[field];
  if (!use) return null;
  const set = (change: TextureUse, gesture?: string) => setTextureUse(project, material.id, field, change, gesture);
  const { transform } = use;
  const move = (change: TextureTransform, gesture: string) => set({ transform: { ...transform, ...change } }, gesture);
  return (
    <div className="mb-1 flex flex-col gap-1 border-l border-line pl-2" data-testid={`material-${field}-placement`}>
      <Strength use={use} field={field} set={set} />
      <Pair
        title="Offset"
        label={`${label} offset`}
        value={transform?.offset ?? [0, 0]}
        onChange={(offset, gesture) => move({ offset }, gesture)}
      />
      <Pair
        title="Repeat"
        label={`${label} repeat`}
        value={transform?.scale ?? [1, 1]}
        onChange={(scale, gesture) => move({ scale }, gesture)}
      />
      <Row label="Rotation">
        <NumberField
          label={`${label} rotation`}
          prefix="↔"
          values={[(transform?.rotation ?? 0) * DEGREES]}
          step={1}
          digits={1}
          unit="°"
          onChange={([angle = 0], gesture) => move({ rotation: angle / DEGREES }, gesture)}
        />
      </Row>
      <Row label="UV set" hint="Which of the mesh's texture coordinates place the image.">
        <Select
          aria-label={`${label} UV set`}
          value={`${Math.min(3, transform?.texCoord ?? use.texCoord ?? 0)}` as (typeof UV_SETS)[number][0]}
          options={UV_SETS}
          onPick={(uv) =>
            set({ texCoord: Number(uv), ...(transform && { transform: { ...transform, texCoord: null } }) })
          }
        />
      </Row>
    </div>
  );
}

interface StrengthProps {
  use: TextureInfo;
  field: TextureSlot;
  set(change: TextureUse, gesture?: string): void;
}

function Strength({ use, field, set }: StrengthProps) {
  if (field === "normalTexture") {
    return (
      <Row label="Strength" hint="How deep bumps look; negative turns them inside out.">
        <NumberField
          label="Normal strength"
          prefix="↔"
          values={[(use as NormalTextureInfo).scale ?? 1]}
          step={0.05}
          testId="material-normalScale"
          onChange={([scale = 1], gesture) => set({ scale }, gesture)}
        />
      </Row>
    );
  }
  if (field !== "occlusionTexture") return null;
  return (
    <Row label="Strength" hint="How dark creases become.">
      <SliderField
        label="Occlusion strength"
        value={(use as OcclusionTextureInfo).strength ?? 1}
        testId="material-occlusionStrength"
        onChange={(strength, gesture) => set({ strength }, gesture)}
      />
    </Row>
  );
}

type Vec2 = readonly [number, number];

interface PairProps {
  title: string;
  label: string;
  value: Vec2;
  onChange(value: Vec2, gesture: string): void;
}

function Pair({ title, label, value: [u, v], onChange }: PairProps) {
  return (
    <Row label={title}>
      <div className="grid grid-cols-2 gap-1">
        <NumberField
          label={`${label}, U`}
          prefix="U"
          values={[u]}
          step={0.01}
          onChange={([next = 0], gesture) => onChange([next, v], gesture)}
        />
        <NumberField
          label={`${label}, V`}
          prefix="V"
          values={[v]}
          step={0.01}
          onChange={([next = 0], gesture) => onChange([u, next], gesture)}
        />
      </div>
    </Row>
  );
}
