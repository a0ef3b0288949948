/** One description of a menu, drawn as drop-down or as context menu. */

import { cn } from "@editor/lib/cn";
import { Check, type LucideIcon } from "lucide-react";
import { ContextMenu, DropdownMenu } from "radix-ui";
import { Fragment, type ReactNode } from "react";
import { Keys } from "./keys";

export type MenuEntry =
  | "-"
  | { heading: string }
  | {
      label: string;
      icon?: LucideIcon | undefined;
      keys?: string | undefined;
      checked?: boolean;
      disabled?: boolean | undefined;
      danger?: boolean;
      testId?: string;
      /** Opens a field to type in: it runs once the menu is gone. */
      focuses?: boolean;
      run(): void;
    };

const SURFACE =
  "z-60 max-h-[70dvh] min-w-48 animate-rise overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-pop";
const ITEM =
  "flex h-7 items-center gap-2 rounded-md px-2 text-sm outline-none select-none data-disabled:opacity-45 data-highlighted:bg-accent-deep";

/** What waits for the menu to let go of the focus. */
let afterClose: (() => void) | null = null;

/** Gives the focus back to where it was, unless the chosen entry wants it. */
function onCloseAutoFocus(event: Event): void {
  if (!afterClose) return;
  event.preventDefault();
  afterClose();
  afterClose = null;
}

function choose({ run, focuses }: { run(): void; focuses?: boolean }): void {
  if (focuses) afterClose = run;
  else run();
}

type Kit = Pick<typeof DropdownMenu, "Item" | "Separator" | "Label">;

function Entries({ entries, kit }: { entries: readonly MenuEntry[]; kit: Kit }) {
  return entries.map((entry, index) => {
    const key = typeof entry === "string" ? `-${index}` : "heading" in entry ? entry.heading : entry.label;
    return <Fragment key={key}>{one(entry, kit)}</Fragment>;
  });
}

function one(entry: MenuEntry, kit: Kit): ReactNode {
  if (entry === "-") return <kit.Separator className="mx-1 my-1 h-px bg-line" />;
  if ("heading" in entry) return <kit.Label className="px-2 py-1 text-xs text-faint">{entry.heading}</kit.Label>;
  const Icon = entry.checked ? Check : entry.icon;
  return (
    <kit.Item
      disabled={entry.disabled ?? false}
      onSelect={() => choose(entry)}
      data-testid={entry.testId}
      className={cn(ITEM, entry.danger && "text-danger")}
    >
      <span className="grid w-4 place-items-center text-muted">{Icon && <Icon size={14} aria-hidden />}</span>
      <span className="flex-1">{entry.label}</span>
      {entry.keys && <Keys keys={entry.keys} />}
    </kit.Item>
  );
}

interface DropdownProps {
  trigger: ReactNode;
  entries: readonly MenuEntry[];
  align?: "start" | "end";
}

export function Dropdown({ trigger, entries, align = "start" }: DropdownProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={6}
          collisionPadding={8}
          onCloseAutoFocus={onCloseAutoFocus}
          className={SURFACE}
        >
          <Entries entries={entries} kit={DropdownMenu} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface ContextProps {
  children: ReactNode;
  /** Asked when the menu opens, so that it fits the selection of that moment. */
  entries: () => readonly MenuEntry[];
}

export function Context({ children, entries }: ContextProps) {
  return (
    <ContextMenu.Root modal={false}>
      <ContextMenu.Trigger asChild>{children}</ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Content collisionPadding={8} onCloseAutoFocus={onCloseAutoFocus} className={SURFACE}>
          <Late entries={entries} />
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

function Late({ entries }: Pick<ContextProps, "entries">) {
  return <Entries entries={entries()} kit={ContextMenu} />;
}

/** A menu at a point that somebody else chose (the viewport reports its own context clicks). */
export function MenuAt({
  at,
  entries,
  onClose,
}: {
  at: { x: number; y: number };
  entries: readonly MenuEntry[];
  onClose(): void;
}) {
  return (
    <DropdownMenu.Root open modal={false} onOpenChange={(open) => !open && onClose()}>
      <DropdownMenu.Trigger
        aria-hidden
        tabIndex={-1}
        className="pointer-events-none fixed size-0"
        style={{ left: at.x, top: at.y }}
      />
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="start"
          collisionPadding={8}
          onCloseAutoFocus={onCloseAutoFocus}
          className={SURFACE}
        >
          <Entries entries={entries} kit={DropdownMenu} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
