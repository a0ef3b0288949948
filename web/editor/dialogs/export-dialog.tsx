import { type ExportChoice, exportScene } from "@editor/commands/export";
import { cn } from "@editor/lib/cn";
import { plural } from "@editor/lib/format";
import { useLocal } from "@editor/state/local";
import { useProject } from "@editor/state/project";
import { Button } from "@editor/ui/button";
import { Dialog } from "@editor/ui/dialog";
import { Check, Row, Select } from "@editor/ui/field";
import { Download } from "lucide-react";
import { type ReactNode, useState } from "react";

const FORMATS = [
  ["glb", "GLB", "Everything: hierarchy, materials, textures, lights, cameras"],
  ["obj", "OBJ", "Meshes and simple materials, as a zip"],
  ["stl", "STL", "Triangles only, for printing"],
  ["ply", "PLY", "Triangles with vertex colours"],
] as const;
const LEVELS = [
  ["0", "Full detail"],
  ["1", "Level 1"],
  ["2", "Level 2"],
  ["3", "Level 3"],
  ["4", "Level 4"],
  ["5", "Level 5"],
] as const;

/** Format, options, everything or the selection; the result is downloaded when it is there. */
export default function ExportDialog({ onClose }: { onClose(): void }) {
  const project = useProject();
  const selection = useLocal((local) => local.selection);
  const [format, setFormat] = useState<ExportChoice["format"]>("glb");
  const [onlySelected, setOnlySelected] = useState(selection.length > 0);
  const [compressed, setCompressed] = useState(false);
  const [binary, setBinary] = useState(true);
  const [level, setLevel] = useState("0");

  const start = () => {
    const nodes = onlySelected && selection.length ? selection : null;
    exportScene(project, { format, nodes, compression: compressed ? "meshopt" : "none", level: Number(level), binary });
    onClose();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button tone="primary" icon={Download} data-testid="export-start" onClick={start}>
        Export
      </Button>
    </>
  );
  return (
    <Dialog open onClose={onClose} title="Export" footer={footer}>
      <fieldset className="mb-3 grid grid-cols-1 gap-1.5">
        <legend className="sr-only">Format</legend>
        {FORMATS.map(([id, name, hint]) => (
          <Choice key={id} chosen={format === id} onChoose={() => setFormat(id)} testId={`export-${id}`}>
            <b className="w-9 text-base">{name}</b>
            <span className="min-w-0 flex-1 text-muted">{hint}</span>
          </Choice>
        ))}
      </fieldset>
      <div className="flex flex-col gap-1.5">
        <Row label="What">
          <Select
            aria-label="What to export"
            value={onlySelected && selection.length ? "selection" : "all"}
            options={[
              ["all", "Everything"],
              ...(selection.length
                ? [["selection", `The selection (${plural(selection.length, "node")})`] as const]
                : []),
            ]}
            onPick={(what) => setOnlySelected(what === "selection")}
          />
        </Row>
        <Row label="Detail">
          <Select aria-label="Level of detail" value={level} options={LEVELS} onPick={setLevel} />
        </Row>
        {format === "glb" && (
          <Check
            label="Compress: much smaller, but not every program opens it"
            checked={compressed}
            onToggle={setCompressed}
          />
        )}
        {(format === "stl" || format === "ply") && (
          <Check label="Binary: smaller and faster than text" checked={binary} onToggle={setBinary} />
        )}
      </div>
    </Dialog>
  );
}

interface ChoiceProps {
  chosen: boolean;
  onChoose(): void;
  testId: string;
  children: ReactNode;
}

function Choice({ chosen, onChoose, testId, children }: ChoiceProps) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      data-testid={testId}
      onClick={onChoose}
      className={cn(
        "flex min-h-9 items-center gap-2 rounded-md border px-2.5 py-1.5 text-left",
        chosen ? "border-accent bg-accent-deep" : "border-line hover:bg-raised",
      )}
    >
      {children}
    </button>
  );
}
