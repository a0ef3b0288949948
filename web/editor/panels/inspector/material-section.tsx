import type { NodeSnapshot } from "@core/store";
import { assignMaterial, newMaterial, type SlotTarget } from "@editor/commands/material";
import { cn } from "@editor/lib/cn";
import { plural } from "@editor/lib/format";
import { useMaterial, useMesh, useProject } from "@editor/state/project";
import { Button, IconButton } from "@editor/ui/button";
import { Badge, Empty } from "@editor/ui/feedback";
import { Section } from "@editor/ui/section";
import { Copy, Palette, Plus } from "lucide-react";
import { useState } from "react";
import { MaterialFields } from "./material-fields";
import { MaterialPicker } from "./material-picker";
import { Swatch } from "./swatch";

/** The slots of one mesh, and the material of the chosen one. `node`: the one node whose overrides can be edited. */
export function MaterialSection({ mesh, node }: { mesh: string; node: NodeSnapshot | null }) {
  const snapshot = useMesh(mesh);
  const [chosen, setChosen] = useState<string | null>(null);
  const slots = snapshot ? [...new Set([...(snapshot.revision?.slots ?? []), ...Object.keys(snapshot.slots)])] : [];
  const slot = slots.find((id) => id === chosen) ?? slots[0];
  if (!snapshot || !slot) return null;
  const materialOf = (id: string) => node?.materials[id] ?? snapshot.slots[id] ?? null;
  return (
    <Section id="material" title={slots.length > 1 ? `Materials (${slots.length} slots)` : "Material"}>
      {slots.length > 1 && (
        <ul aria-label="Material slots" className="mb-1 max-h-32 overflow-y-auto rounded-md bg-field p-0.5">
          {slots.map((id, index) => (
            <li key={id}>
              <SlotRow index={index} material={materialOf(id)} chosen={id === slot} onChoose={() => setChosen(id)} />
            </li>
          ))}
        </ul>
      )}
      <Slot mesh={mesh} slot={slot} node={node} material={materialOf(slot)} />
    </Section>
  );
}

interface SlotRowProps {
  index: number;
  material: string | null;
  chosen: boolean;
  onChoose(): void;
}

function SlotRow({ index, material, chosen, onChoose }: SlotRowProps) {
  const snapshot = useMaterial(material);
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={onChoose}
      className={cn(
        "flex h-6 w-full items-center gap-2 rounded-sm px-1.5 text-left",
        chosen ? "bg-accent-deep" : "hover:bg-raised",
      )}
    >
      <Swatch material={material} />
      <span className="min-w-0 flex-1 truncate">{snapshot ? snapshot.name || "Unnamed" : "No material"}</span>
      <span className="text-xs text-faint">{index + 1}</span>
    </button>
  );
}

interface SlotProps {
  mesh: string;
  slot: string;
  node: NodeSnapshot | null;
  material: string | null;
}

function Slot({ mesh, slot, node, material }: SlotProps) {
  const project = useProject();
  const snapshot = useMaterial(material);
  const overridden = node?.materials[slot] != null;
  const target: SlotTarget = overridden && node ? { node: node.id, slot } : { mesh, slot };
  return (
    <>
      <div className="flex items-center gap-1">
        <MaterialPicker value={material} onPick={(id) => assignMaterial(project, target, id)} />
        <IconButton icon={Plus} label="New material" onClick={() => newMaterial(project, target)} />
        <IconButton
          icon={Copy}
          label={node ? "Make a copy for this node only" : "Make a copy"}
          disabled={!material}
          onClick={() => material && newMaterial(project, node ? { node: node.id, slot } : target, material)}
        />
      </div>
      {overridden && node && (
        <p className="flex items-center gap-2 text-muted">
          <Badge tone="accent">this node only</Badge>
          <button
            type="button"
            className="underline decoration-edge underline-offset-2 hover:text-ink"
            onClick={() => assignMaterial(project, { node: node.id, slot }, null)}
          >
            Use the mesh’s material
          </button>
        </p>
      )}
      {material && snapshot ? <MaterialFields key={material} material={snapshot} /> : <NoMaterial target={target} />}
      {material && <Users material={material} />}
    </>
  );
}

function NoMaterial({ target }: { target: SlotTarget }) {
  const project = useProject();
  return (
    <Empty icon={Palette} title="No material here">
      <Button onClick={() => newMaterial(project, target)}>New material</Button>
    </Empty>
  );
}

/** A change here shows everywhere: say where. */
function Users({ material }: { material: string }) {
  const { store } = useProject();
  const users = store
    .ids("meshes")
    .filter((id) => Object.values(store.mesh(id)?.slots ?? {}).includes(material)).length;
  return users > 1 ? (
    <p className="text-xs text-faint">Shared by {plural(users, "mesh", "meshes")}: a change shows on all of them.</p>
  ) : null;
}
