import type { LodLevel } from "@core/schema";
import type { LodSnapshot } from "@core/store";
import { cancelJob } from "@editor/commands/jobs";
import { buildLevels, setLevel, setLodSetting } from "@editor/commands/lod";
import { cn } from "@editor/lib/cn";
import { count } from "@editor/lib/format";
import { useActiveJob } from "@editor/state/jobs";
import { useLocal } from "@editor/state/local";
import { useLod, useMesh, useProject } from "@editor/state/project";
import { Button } from "@editor/ui/button";
import { Editable } from "@editor/ui/editable";
import { Progress } from "@editor/ui/feedback";
import { Check } from "@editor/ui/field";
import { NumberField } from "@editor/ui/number-field";
import { Section } from "@editor/ui/section";
import { Tip } from "@editor/ui/tip";
import { Hammer, Plus } from "lucide-react";
import { LevelRow } from "./lod-level-row";

const MAX_LEVELS = 8;

/** Levels of detail of one mesh: what is asked for, what was built, and which one to look at. */
export function LodSection({ mesh }: { mesh: string }) {
  const lod = useLod(mesh);
  const revision = useMesh(mesh)?.revision;
  if (!lod || !revision) return null;
  const extent = Math.hypot(...[0, 1, 2].map((i) => (revision.max[i] ?? 0) - (revision.min[i] ?? 0)));
  return (
    <Section id="lod" title="Levels of detail" looking>
      <PreviewChoice lod={lod} />
      <Editable>
        <ul aria-label="Levels" className="flex flex-col gap-1">
          <li className="flex h-6 items-center gap-2 rounded-sm px-1 text-muted">
            <b className="w-5 text-ink">0</b>
            <span className="flex-1">Full detail</span>
            <span className="text-ink">{count(revision.triangles)}</span> triangles
          </li>
          {[...lod.levels].map(([number, level]) => (
            <LevelRow
              key={number}
              mesh={mesh}
              number={number}
              level={level}
              result={lod.results.get(number)}
              base={revision.triangles}
              extent={extent}
            />
          ))}
        </ul>
        <AddLevel mesh={mesh} lod={lod} />
        <BuildRow mesh={mesh} built={lod.results.size} asked={lod.levels.size} />
        <Options mesh={mesh} lod={lod} />
      </Editable>
    </Section>
  );
}

/** Which level the viewport draws: by coverage and budget, or always the same. */
function PreviewChoice({ lod }: { lod: LodSnapshot }) {
  const level = useLocal((local) => local.level);
  const set = useLocal((local) => local.set);
  const choices: (readonly ["auto" | number, string, string])[] = [
    ["auto", "Auto", "By screen coverage, within the triangle budget"],
    [0, "0", "Full detail"],
    ...[...lod.results.keys()].sort((a, b) => a - b).map((n) => [n, `${n}`, `Level ${n} on everything`] as const),
  ];
  return (
    <fieldset className="flex items-center gap-2">
      <legend className="float-left w-[92px] text-muted">Preview</legend>
      <div className="flex flex-1 gap-0.5 rounded-md bg-field p-0.5">
        {choices.map(([value, label, hint]) => (
          <Tip key={label} label={hint}>
            <button
              type="button"
              aria-pressed={level === value}
              data-testid={`lod-preview-${value}`}
              onClick={() => set({ level: value })}
              className={cn(
                "h-5 flex-1 rounded-sm px-1",
                level === value ? "bg-accent-deep text-accent-strong" : "text-muted hover:text-ink",
              )}
            >
              {label}
            </button>
          </Tip>
        ))}
      </div>
    </fieldset>
  );
}

function AddLevel({ mesh, lod }: { mesh: string; lod: LodSnapshot }) {
  const project = useProject();
  const free = Array.from({ length: MAX_LEVELS }, (_, i) => i + 1).find((n) => !lod.levels.has(n));
  if (!free) return null;
  const finer = lod.levels.get(free - 1);
  const level: LodLevel = {
    ratio: Math.max(0.001, (finer?.ratio ?? 1) / 2),
    triangles: null,
    error: 1,
    coverage: finer ? finer.coverage / 2 : 0.5,
  };
  return (
    <Button tone="ghost" icon={Plus} className="self-start" onClick={() => setLevel(project, mesh, free, level)}>
      Add level {free}
    </Button>
  );
}

function BuildRow({ mesh, built, asked }: { mesh: string; built: number; asked: number }) {
  const project = useProject();
  const job = useActiveJob((candidate) => candidate.op === "lod.chain" && candidate.target.mesh === mesh);
  if (!job) {
    return (
      <Button
        tone={built ? "plain" : "primary"}
        icon={Hammer}
        data-testid="lod-build"
        disabled={!asked}
        onClick={() => buildLevels(project, mesh)}
      >
        {built ? "Build again" : "Build levels"}
      </Button>
    );
  }
  return (
    <div className="flex items-center gap-2">
      <div className="flex-1">
        <p className="mb-1 truncate text-muted">
          {job.message || (job.state === "queued" ? "Waiting for a compute peer" : "Building")}
        </p>
        <Progress label="Building levels of detail" value={job.progress} />
      </div>
      <Button onClick={() => cancelJob(project, job.id)}>Cancel</Button>
    </div>
  );
}

function Options({ mesh, lod }: { mesh: string; lod: LodSnapshot }) {
  const project = useProject();
  const { settings } = lod;
  const weight = (key: "normalWeight" | "uvWeight" | "colorWeight", label: string) => (
    <NumberField
      label={`${label} weight`}
      prefix={label}
      values={[settings[key]]}
      min={0}
      max={10}
      step={0.1}
      onChange={([value = 0], gesture) => setLodSetting(project, mesh, key, value, gesture)}
    />
  );
  return (
    <details className="text-muted">
      <summary className="h-6 rounded-sm leading-6 hover:text-ink">Options</summary>
      <Check
        label="Build again when the shape changes"
        checked={settings.auto}
        onToggle={(checked) => setLodSetting(project, mesh, "auto", checked)}
      />
      <Check
        label="Lock open borders"
        checked={settings.lockBorders}
        onToggle={(checked) => setLodSetting(project, mesh, "lockBorders", checked)}
      />
      <p className="mt-1 mb-1">Weights of normals, UVs and colours</p>
      <div className="grid grid-cols-3 gap-1">
        {weight("normalWeight", "N")}
        {weight("uvWeight", "UV")}
        {weight("colorWeight", "C")}
      </div>
    </details>
  );
}
