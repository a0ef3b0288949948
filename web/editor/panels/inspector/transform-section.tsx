import type { NodeSnapshot } from "@core/store";
import type { TransformChange } from "@core/view/view";
import { setTransforms } from "@editor/commands/transform";
import { eulerFor, rotationFor } from "@editor/lib/euler-memory";
import type { Vec3 } from "@editor/lib/rotation";
import { useProject } from "@editor/state/project";
import { IconButton } from "@editor/ui/button";
import { NumberField } from "@editor/ui/number-field";
import { Section } from "@editor/ui/section";
import { Link, RotateCcw, Unlink } from "lucide-react";
import { useState } from "react";

type Kind = "translation" | "rotation" | "scale";

const KINDS: readonly { kind: Kind; label: string; step: number; unit?: string; rest: Vec3 }[] = [
  { kind: "translation", label: "Position", step: 0.01, unit: "m", rest: [0, 0, 0] },
  { kind: "rotation", label: "Rotation", step: 1, unit: "°", rest: [0, 0, 0] },
  { kind: "scale", label: "Scale", step: 0.01, rest: [1, 1, 1] },
];
const AXES = [
  ["x", "text-axis-x"],
  ["y", "text-axis-y"],
  ["z", "text-axis-z"],
] as const;

export function TransformSection({ nodes }: { nodes: readonly NodeSnapshot[] }) {
  return (
    <Section id="transform" title="Transform">
      {KINDS.map((kind) => (
        <VectorRow key={kind.kind} nodes={nodes} {...kind} />
      ))}
    </Section>
  );
}

function read(node: NodeSnapshot, kind: Kind): Vec3 {
  return kind === "rotation" ? eulerFor(node.id, node.rotation) : node[kind];
}

function changeOf(node: NodeSnapshot, kind: Kind, value: Vec3): TransformChange {
  return kind === "rotation" ? { rotation: rotationFor(node.id, value) } : { [kind]: value };
}

function VectorRow({
  nodes,
  kind,
  label,
  step,
  unit,
  rest,
}: { nodes: readonly NodeSnapshot[] } & (typeof KINDS)[number]) {
  const project = useProject();
  const [uniform, setUniform] = useState(true);
  const locked = nodes.some((node) => node.locked);
  const linked = kind === "scale" && uniform;

  const write = (values: readonly Vec3[], gesture: string) =>
    setTransforms(
      project,
      new Map(nodes.map((node, i) => [node.id, changeOf(node, kind, values[i] ?? rest)])),
      gesture,
    );
  const change = (axis: number, values: number[], gesture: string) =>
    write(
      nodes.map((node, i) => changed(read(node, kind), axis, values[i] ?? 0, linked)),
      gesture,
    );
  return (
    <fieldset className="flex flex-col" disabled={locked}>
      <div className="flex h-6 items-center gap-1">
        <legend className="float-left flex-1 text-muted">
          {label} {unit && <span className="text-faint">{unit}</span>}
        </legend>
        {kind === "scale" && (
          <IconButton
            icon={uniform ? Link : Unlink}
            small
            label={uniform ? "Axes scale together" : "Axes scale alone"}
            pressed={uniform}
            onClick={() => setUniform(!uniform)}
          />
        )}
        <IconButton
          icon={RotateCcw}
          small
          label={`Reset ${label.toLowerCase()}`}
          onClick={() =>
            write(
              nodes.map(() => rest),
              `reset-${kind}-${performance.now()}`,
            )
          }
        />
      </div>
      <div className="grid grid-cols-3 gap-1">
        {AXES.map(([axis, tint], i) => (
          <NumberField
            key={axis}
            label={`${label} ${axis.toUpperCase()}${unit ? `, ${unit}` : ""}`}
            prefix={<b className={tint}>{axis.toUpperCase()}</b>}
            values={nodes.map((node) => read(node, kind)[i] ?? 0)}
            step={step}
            disabled={locked}
            testId={`field-${kind}-${axis}`}
            onChange={(values, gesture) => change(i, values, gesture)}
          />
        ))}
      </div>
    </fieldset>
  );
}

/** With linked axes the others keep their proportion; from zero all become the same. */
function changed(old: Vec3, axis: number, value: number, linked: boolean): Vec3 {
  const before = old[axis] ?? 0;
  if (!linked) return old.map((c, i) => (i === axis ? value : c)) as unknown as Vec3;
  if (Math.abs(before) < 1e-9) return [value, value, value];
  return old.map((c, i) => (i === axis ? value : tidy((c * value) / before))) as unknown as Vec3;
}

function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
