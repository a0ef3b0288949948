import type { Camera } from "@core/schema";
import { setResources } from "@editor/commands/resource";
import { useCameras, useProject } from "@editor/state/project";
import { Row, Select } from "@editor/ui/field";
import { NumberField } from "@editor/ui/number-field";
import { Section } from "@editor/ui/section";

const DEGREES = 180 / Math.PI;
const TYPES = [
  ["perspective", "Perspective"],
  ["orthographic", "Orthographic"],
] as const;

export function CameraSection({ ids }: { ids: readonly string[] }) {
  const project = useProject();
  const cameras = useCameras(ids);
  const [first] = cameras;
  if (!first) return null;
  const write = (key: keyof Camera, value: (index: number) => unknown, gesture?: string) =>
    setResources(project, "cameras", new Map(cameras.map((camera, i) => [camera.id, value(i)])), key, gesture);
  const field = (key: "znear" | "zfar" | "xmag" | "ymag", label: string, min: number) => (
    <Row label={label}>
      <NumberField
        label={label}
        prefix="↔"
        values={cameras.map((camera) => camera[key] ?? 0)}
        min={min}
        unit="m"
        onChange={(values, gesture) => write(key, (i) => (key === "zfar" ? values[i] || null : values[i]), gesture)}
      />
    </Row>
  );
  const perspective = first.type === "perspective";
  return (
    <Section id="camera" title="Camera">
      <Row label="Type">
        <Select
          aria-label="Camera type"
          value={cameras.every((camera) => camera.type === first.type) ? first.type : ""}
          placeholder="Mixed"
          options={TYPES}
          onPick={(type) => write("type", () => type)}
        />
      </Row>
      {perspective && (
        <Row label="Field of view" hint="Vertical">
          <NumberField
            label="Field of view"
            prefix="↔"
            values={cameras.map((camera) => camera.yfov * DEGREES)}
            min={1}
            max={170}
            step={1}
            digits={1}
            unit="°"
            testId="camera-yfov"
            onChange={(values, gesture) => write("yfov", (i) => (values[i] ?? 45) / DEGREES, gesture)}
          />
        </Row>
      )}
      {!perspective && field("xmag", "Half width", 0.001)}
      {!perspective && field("ymag", "Half height", 0.001)}
      {field("znear", "Near", perspective ? 0.001 : 0)}
      {field("zfar", "Far", 0)}
    </Section>
  );
}
