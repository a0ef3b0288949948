import { cn } from "@editor/lib/cn";
import { useIds, useMaterial, useProject } from "@editor/state/project";
import { CONTROL } from "@editor/ui/field";
import { Check, ChevronDown } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { Swatch } from "./swatch";

/** Chooses one of the project's materials, or none. */
export function MaterialPicker({ value, onPick }: { value: string | null; onPick(id: string | null): void }) {
  const [open, setOpen] = useState(false);
  const current = useMaterial(value);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button
          type="button"
          aria-label={`Material: ${current ? current.name || "Unnamed" : "none"}`}
          data-testid="material-picker"
          className={cn(CONTROL, "flex h-7 flex-1 items-center gap-2 text-left")}
        >
          <Swatch material={value} />
          <span className="min-w-0 flex-1 truncate">{current ? current.name || "Unnamed" : "No material"}</span>
          <ChevronDown size={12} aria-hidden className="text-faint" />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          aria-label="Materials"
          align="start"
          sideOffset={4}
          collisionPadding={8}
          className="z-60 flex max-h-80 w-64 animate-rise flex-col rounded-lg border border-line bg-raised p-1 shadow-pop"
        >
          <Choices
            value={value}
            onPick={(id) => {
              setOpen(false);
              onPick(id);
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Choices({ value, onPick }: { value: string | null; onPick(id: string | null): void }) {
  const { store } = useProject();
  const [filter, setFilter] = useState("");
  const ids = useIds("materials").filter((id) =>
    (store.material(id)?.name ?? "").toLowerCase().includes(filter.toLowerCase()),
  );
  return (
    <>
      <input
        aria-label="Find a material"
        placeholder="Find a material"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
        className={cn(CONTROL, "mb-1 h-7 shrink-0")}
      />
      <ul className="min-h-0 overflow-y-auto">
        {ids.slice(0, 300).map((id) => (
          <li key={id}>
            <Choice id={id} chosen={id === value} onPick={() => onPick(id)} />
          </li>
        ))}
        {!ids.length && (
          <li className="px-2 py-3 text-center text-muted">No material {filter ? "by that name" : "yet"}</li>
        )}
      </ul>
      <button
        type="button"
        onClick={() => onPick(null)}
        className="mt-1 h-7 shrink-0 rounded-md px-2 text-left text-muted hover:bg-hover"
      >
        No material
      </button>
    </>
  );
}

function Choice({ id, chosen, onPick }: { id: string; chosen: boolean; onPick(): void }) {
  const material = useMaterial(id);
  return (
    <button
      type="button"
      onClick={onPick}
      className="flex h-7 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-hover"
    >
      <Swatch material={id} />
      <span className="min-w-0 flex-1 truncate">{material?.name || "Unnamed"}</span>
      {chosen && <Check size={14} aria-label="In use" className="text-accent" />}
    </button>
  );
}
