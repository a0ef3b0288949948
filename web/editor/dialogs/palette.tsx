import { ACTIONS, type Action } from "@editor/commands/actions";
import { cn } from "@editor/lib/cn";
import { matches } from "@editor/lib/fuzzy";
import { useProject } from "@editor/state/project";
import { Keys } from "@editor/ui/keys";
import { Search } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";

/** Finds an action by name and runs it. */
export default function Palette({ onClose }: { onClose(): void }) {
  const project = useProject();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const found = useMemo(
    () =>
      ACTIONS.filter(
        (action) =>
          action.id !== "palette" && action.enabled(project) && matches(`${action.group} ${action.title}`, query),
      ),
    [project, query],
  );
  const chosen = Math.min(at, found.length - 1);
  const run = (action: Action | undefined) => {
    if (!action) return;
    onClose();
    setTimeout(() => action.run(project));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((chosen + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 animate-fade bg-black/45" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed top-[14dvh] left-1/2 z-50 flex max-h-[60dvh] w-[520px] max-w-[calc(100vw-24px)] -translate-x-1/2 animate-fade flex-col overflow-hidden rounded-lg border border-line bg-panel shadow-pop outline-none"
        >
          <Radix.Title className="sr-only">Search commands</Radix.Title>
          <label className="flex h-11 shrink-0 items-center gap-2 border-b border-line px-3">
            <Search size={16} aria-hidden className="text-faint" />
            <span className="sr-only">Command</span>
            <input
              role="combobox"
              aria-expanded
              aria-controls="palette-list"
              aria-activedescendant={found[chosen] && `palette-${found[chosen].id}`}
              data-testid="palette-input"
              value={query}
              onChange={(event) => {
                setQuery(event.target.value);
                setAt(0);
              }}
              onKeyDown={onKeyDown}
              placeholder="What do you want to do?"
              className="h-full flex-1 bg-transparent text-base outline-none"
            />
          </label>
          <div id="palette-list" role="listbox" aria-label="Commands" className="min-h-0 overflow-y-auto p-1">
            {found.map((action, index) => (
              <Choice
                key={action.id}
                action={action}
                chosen={index === chosen}
                onHover={() => setAt(index)}
                onRun={() => run(action)}
              />
            ))}
            {!found.length && <p className="p-4 text-center text-muted">Nothing is called “{query}”.</p>}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface ChoiceProps {
  action: Action;
  chosen: boolean;
  onHover(): void;
  onRun(): void;
}

function Choice({ action, chosen, onHover, onRun }: ChoiceProps) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) element.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const { icon: Icon } = action;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above takes the keys
    <div
      ref={element}
      id={`palette-${action.id}`}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      onPointerMove={onHover}
      onClick={onRun}
      className={cn("flex h-8 items-center gap-2.5 rounded-md px-2", chosen && "bg-accent-deep")}
    >
      <Icon size={14} aria-hidden className="text-muted" />
      <span className="flex-1 truncate">{action.title}</span>
      <span className="text-xs text-muted">{action.group}</span>
      {action.keys[0] && <Keys keys={action.keys[0]} />}
    </div>
  );
}
