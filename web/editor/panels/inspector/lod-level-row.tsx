import type { LodLevel, LodResult } from "@core/schema";
import { setLevel } from "@editor/commands/lod";
import { count, length, percent } from "@editor/lib/format";
import { useProject } from "@editor/state/project";
import { IconButton } from "@editor/ui/button";
import { Badge } from "@editor/ui/feedback";
import { NumberField } from "@editor/ui/number-field";
import { X } from "lucide-react";

interface LevelRowProps {
  mesh: string;
  number: number;
  level: LodLevel;
  result: LodResult | undefined;
  /** Triangles of the full detail. */
  base: number;
  /** Diagonal of the mesh's bounds, metres. */
  extent: number;
}

/** One level: its goal, its error limit, the coverage below which it is drawn; and what came out. */
export function LevelRow({ mesh, number, level, result, base, extent }: LevelRowProps) {
  const project = useProject();
  const set = (fields: Partial<LodLevel>, gesture: string) =>
    setLevel(project, mesh, number, { ...level, ...fields }, gesture);
  return (
    <li data-testid="lod-level-row" data-level={number} className="rounded-md bg-raised p-1">
      <div className="flex h-6 items-center gap-2 pl-0.5">
        <b className="w-4">{number}</b>
        <Outcome result={result} base={base} extent={extent} />
        <IconButton
          icon={X}
          small
          label={`Remove level ${number}`}
          onClick={() => setLevel(project, mesh, number, null)}
        />
      </div>
      <div className="grid grid-cols-3 gap-1">
        <Goal number={number} level={level} set={set} />
        <NumberField
          label={`Level ${number}: greatest error, percent of the size`}
          prefix="Error"
          values={[(level.error ?? 1) * 100]}
          min={0}
          max={100}
          step={0.1}
          digits={2}
          unit="%"
          onChange={([value = 100], gesture) => set({ error: value / 100 }, gesture)}
        />
        <NumberField
          label={`Level ${number}: drawn below this percentage of the viewport's height`}
          prefix="Below"
          values={[(level.coverage ?? 0) * 100]}
          min={0}
          max={100}
          step={1}
          digits={1}
          unit="%"
          onChange={([value = 0], gesture) => set({ coverage: value / 100 }, gesture)}
        />
      </div>
    </li>
  );
}

interface GoalProps {
  number: number;
  level: LodLevel;
  set(fields: Partial<LodLevel>, gesture: string): void;
}

/** A share of the full detail, or a number of triangles where the level states one. */
function Goal({ number, level, set }: GoalProps) {
  if (level.triangles) {
    return (
      <NumberField
        label={`Level ${number}: triangles`}
        prefix="Tris"
        values={[level.triangles]}
        min={1}
        step={100}
        digits={0}
        onChange={([value = 1], gesture) => set({ triangles: Math.max(1, Math.round(value)), ratio: null }, gesture)}
      />
    );
  }
  return (
    <NumberField
      label={`Level ${number}: share of the triangles`}
      prefix="Keep"
      values={[(level.ratio ?? 1) * 100]}
      min={0.01}
      max={100}
      step={1}
      digits={2}
      unit="%"
      onChange={([value = 100], gesture) => set({ ratio: value / 100, triangles: null }, gesture)}
    />
  );
}

function Outcome({ result, base, extent }: Pick<LevelRowProps, "result" | "base" | "extent">) {
  if (!result) {
    return (
      <span className="flex-1 text-right">
        <Badge>not built</Badge>
      </span>
    );
  }
  const share = base ? result.triangles / base : 1;
  const relative = extent ? ` (${percent(result.error / extent, 3)} of the size)` : "";
  return (
    <span
      className="min-w-0 flex-1 truncate text-right text-muted"
      title={`${percent(share, 2)} of the triangles; error${relative}`}
    >
      <span className="text-ink">{count(result.triangles)}</span> tris · ±{length(result.error)}
    </span>
  );
}
