import type { NodeSnapshot } from "@core/store";
import { rename } from "@editor/commands/rename";
import { setLocked, setVisible } from "@editor/commands/visibility";
import { plural } from "@editor/lib/format";
import { kindOf } from "@editor/panels/outliner/row";
import { useProject } from "@editor/state/project";
import { viewport } from "@editor/state/viewport";
import { IconButton } from "@editor/ui/button";
import { Editable } from "@editor/ui/editable";
import { TextField } from "@editor/ui/field";
import { Eye, EyeOff, Layers, Lock, LockOpen, Maximize } from "lucide-react";

export function NodeHeader({ nodes }: { nodes: readonly NodeSnapshot[] }) {
  const project = useProject();
  const [first] = nodes;
  if (!first) return null;
  const ids = nodes.map((node) => node.id);
  const visible = nodes.every((node) => node.visible);
  const locked = nodes.every((node) => node.locked);
  const { icon: Icon, label } = nodes.length > 1 ? { icon: Layers, label: "Several" } : kindOf(first);
  return (
    <header className="flex items-center gap-1.5 border-b border-line p-2 pl-3">
      <Icon size={16} strokeWidth={1.75} className="shrink-0 text-accent" aria-label={label} />
      <Editable className="flex min-w-0 flex-1 items-center gap-1.5">
        {nodes.length === 1 ? (
          <TextField
            aria-label="Name"
            data-testid="field-name"
            value={first.name}
            placeholder="Unnamed"
            maxLength={256}
            className="h-7 text-base font-semibold"
            onCommit={(name) => rename(project, first.id, name)}
          />
        ) : (
          <h2 className="min-w-0 flex-1 truncate px-1.5 text-base font-semibold">{plural(nodes.length, "node")}</h2>
        )}
        <IconButton
          icon={locked ? Lock : LockOpen}
          label={locked ? "Unlock" : "Lock"}
          pressed={locked}
          onClick={() => setLocked(project, ids, !locked)}
        />
        <IconButton
          icon={visible ? Eye : EyeOff}
          label={visible ? "Hide" : "Show"}
          keys="H"
          pressed={!visible}
          onClick={() => setVisible(project, ids, !visible)}
        />
      </Editable>
      <IconButton icon={Maximize} label="Frame" keys="F" onClick={() => viewport()?.frame(ids)} />
    </header>
  );
}
