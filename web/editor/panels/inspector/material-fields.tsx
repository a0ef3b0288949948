import type { Material } from "@core/schema";
import type { MaterialSnapshot } from "@core/store";
import { type MaterialKey, setMaterial } from "@editor/commands/material";
import { cleanName } from "@editor/commands/rename";
import { TEXTURE_KEYS } from "@editor/commands/texture";
import { useProject } from "@editor/state/project";
import { Check, Row, Select, TextField } from "@editor/ui/field";
import { ColourField } from "./colour-field";
import { SliderField } from "./slider-field";
import { TextureRow } from "./texture-row";

const ALPHA = [
  ["OPAQUE", "Opaque"],
  ["MASK", "Cut-out"],
  ["BLEND", "Blended"],
] as const;

/** All of glTF's metallic-roughness material. */
export function MaterialFields({ material }: { material: MaterialSnapshot }) {
  const project = useProject();
  const set = <K extends MaterialKey>(key: K, value: Material[K], gesture?: string) =>
    setMaterial(project, material.id, key, value, gesture);
  const unit = (key: "metallicFactor" | "roughnessFactor", label: string) => (
    <Row label={label}>
      <SliderField
        label={label}
        value={material[key]}
        testId={`material-${key}`}
        onChange={(value, gesture) => set(key, value, gesture)}
      />
    </Row>
  );
  return (
    <>
      <Row label="Name">
        <TextField
          aria-label="Material name"
          data-testid="material-name"
          value={material.name}
          placeholder="Unnamed"
          onCommit={(name) => set("name", cleanName(name))}
        />
      </Row>
      <Row label="Base colour">
        <ColourField
          label="Base colour"
          value={material.baseColorFactor}
          testId="material-baseColor"
          onChange={(rgb, gesture) => set("baseColorFactor", [...rgb, material.baseColorFactor[3]], gesture)}
        />
      </Row>
      {unit("metallicFactor", "Metallic")}
      {unit("roughnessFactor", "Roughness")}
      <Row label="Emissive">
        <ColourField
          label="Emissive"
          value={material.emissiveFactor}
          testId="material-emissive"
          onChange={(rgb, gesture) => set("emissiveFactor", rgb, gesture)}
        />
      </Row>
      <Row label="Strength" hint="Of the emission">
        <SliderField
          label="Emissive strength"
          value={material.emissiveStrength}
          max={20}
          testId="material-emissiveStrength"
          onChange={(value, gesture) => set("emissiveStrength", value, gesture)}
        />
      </Row>
      <Transparency material={material} set={set} />
      <Check
        label="Double-sided"
        data-testid="material-doubleSided"
        checked={material.doubleSided}
        onToggle={(checked) => set("doubleSided", checked)}
      />
      <h3 className="mt-2 font-semibold">Textures</h3>
      {TEXTURE_KEYS.map(([key, label]) => (
        <TextureRow key={key} material={material} field={key} label={label} />
      ))}
    </>
  );
}

interface TransparencyProps {
  material: MaterialSnapshot;
  set<K extends MaterialKey>(key: K, value: Material[K], gesture?: string): void;
}

function Transparency({ material, set }: TransparencyProps) {
  const [r, g, b, alpha] = material.baseColorFactor;
  return (
    <>
      <Row label="Alpha mode">
        <Select
          aria-label="Alpha mode"
          data-testid="material-alphaMode"
          value={material.alphaMode}
          options={ALPHA}
          onPick={(mode) => set("alphaMode", mode)}
        />
      </Row>
      {material.alphaMode !== "OPAQUE" && (
        <Row label="Alpha">
          <SliderField
            label="Alpha"
            value={alpha}
            testId="material-alpha"
            onChange={(value, gesture) => set("baseColorFactor", [r, g, b, value], gesture)}
          />
        </Row>
      )}
      {material.alphaMode === "MASK" && (
        <Row label="Cut-off">
          <SliderField
            label="Alpha cut-off"
            value={material.alphaCutoff}
            testId="material-alphaCutoff"
            onChange={(value, gesture) => set("alphaCutoff", value, gesture)}
          />
        </Row>
      )}
    </>
  );
}
