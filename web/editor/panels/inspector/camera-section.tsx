import type { Camera } from "@core/schema";
import type { NodeSnapshot } from "@core/store";
import { lookThrough } from "@editor/commands/look";
import { setResources } from "@editor/commands/resource";
import { useCameras, useProject } from "@editor/state/project";
import { Button } from "@editor/ui/button";
import { Editable } from "@editor/ui/editable";
import { Row, Select } from "@editor/ui/field";
import { NumberField } from "@editor/ui/number-field";
import { Section } from "@editor/ui/section";
import { Video } from "lucide-react";

const DEGREES = 180 / Math.PI;
const TYPES = [
  ["perspective", "Perspective"],
  ["orthographic", "Orthographic"],
] as const;

/** `node`: the one that the view can stand in for. */
export function CameraSection({ ids, node }: { ids: readonly string[]; node: NodeSnapshot | undefined }) {
  const project = useProject();
  const cameras = useCameras(ids);
  const [first] = cameras;
  if (!first) return null;
  const write = (key: keyof Camera, value: (index: number) => unknown, gesture?: string) =>
    setResources(project, "cameras", new Map(cameras.map((camera, i) => [camera.id, value(i)])), key, gesture);
  const field = (key: "znear" | "zfar" | "xmag" | "ymag", label: string, min: number) => (
    <Row label={label} {...(key === "zfar" && { hint: "Where the picture ends; 0: never." })}>
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
    <Section id="camera" title="Camera" looking>
      {node && (
        <Button icon={Video} data-testid="camera-look" onClick={() => lookThrough(project, node.id)}>
          Look through this camera
        </Button>
      )}
      <Editable className="contents">
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
      </Editable>
    </Section>
  );
}
