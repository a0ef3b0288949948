import type { Light } from "@core/schema";
import { setResources } from "@editor/commands/resource";
import { useLights, useProject } from "@editor/state/project";
import { Row, Select } from "@editor/ui/field";
import { NumberField } from "@editor/ui/number-field";
import { Section } from "@editor/ui/section";
import { ColourField } from "./colour-field";

const DEGREES = 180 / Math.PI;
const TYPES = [
  ["point", "Point"],
  ["spot", "Spot"],
  ["directional", "Directional"],
] as const;

export function LightSection({ ids }: { ids: readonly string[] }) {
  const project = useProject();
  const lights = useLights(ids);
  const [first] = lights;
  if (!first) return null;
  const write = (key: keyof Light, value: (index: number) => unknown, gesture?: string) =>
    setResources(project, "lights", new Map(lights.map((light, i) => [light.id, value(i)])), key, gesture);
  const same = lights.every((light) => light.type === first.type);
  const spot = same && first.type === "spot";
  return (
    <Section id="light" title="Light">
      <Row label="Type">
        <Select
          aria-label="Light type"
          data-testid="light-type"
          value={same ? first.type : ""}
          placeholder="Mixed"
          options={TYPES}
          onPick={(type) => write("type", () => type)}
        />
      </Row>
      <Row label="Colour">
        <ColourField
          label="Light colour"
          value={first.color}
          onChange={(colour, gesture) => write("color", () => colour, gesture)}
        />
      </Row>
      <Row label="Intensity">
        <NumberField
          label="Intensity"
          prefix="↔"
          values={lights.map((light) => light.intensity)}
          min={0}
          step={0.1}
          unit={first.type === "directional" ? "lx" : "cd"}
          testId="light-intensity"
          onChange={(values, gesture) => write("intensity", (i) => values[i], gesture)}
        />
      </Row>
      {first.type !== "directional" && (
        <Row label="Range" hint="Where the light ends; 0: never.">
          <NumberField
            label="Range"
            prefix="↔"
            values={lights.map((light) => light.range ?? 0)}
            min={0}
            unit="m"
            onChange={(values, gesture) => write("range", (i) => values[i] || null, gesture)}
          />
        </Row>
      )}
      {spot && (
        <>
          <Cone label="Inner cone" field="innerConeAngle" lights={lights} write={write} />
          <Cone label="Outer cone" field="outerConeAngle" lights={lights} write={write} />
        </>
      )}
    </Section>
  );
}

interface ConeProps {
  label: string;
  field: "innerConeAngle" | "outerConeAngle";
  lights: readonly Light[];
  write(key: keyof Light, value: (index: number) => unknown, gesture?: string): void;
}

function Cone({ label, field, lights, write }: ConeProps) {
  return (
    <Row label={label}>
      <NumberField
        label={label}
        prefix="↔"
        values={lights.map((light) => light[field] * DEGREES)}
        min={0}
        max={90}
        step={1}
        digits={1}
        unit="°"
        onChange={(values, gesture) => write(field, (i) => (values[i] ?? 0) / DEGREES, gesture)}
      />
    </Row>
  );
}
