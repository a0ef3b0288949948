import type { Person } from "@core/presence";
import type { CameraPose } from "@core/view/view";
import { plural } from "@editor/lib/format";
import { useIdentity } from "@editor/state/identity";
import { local } from "@editor/state/local";
import { usePeople } from "@editor/state/people";
import { useAccounts } from "@editor/state/session";
import { viewport } from "@editor/state/viewport";
import { Button } from "@editor/ui/button";
import { Badge } from "@editor/ui/feedback";
import { Bot, Cpu } from "lucide-react";
import { Popover } from "radix-ui";

const SHOWN = 4;

/** Who is here: a row of colours; behind it names, and a click that jumps to what they see. */
export function People() {
  const people = usePeople();
  const me = useIdentity((state) => state.me);
  const withAccounts = useAccounts();
  const others = people.filter((person) => person.user.kind !== "peer");
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button
          type="button"
          data-testid="people"
          aria-label={`People: you and ${plural(others.length, "other")}`}
          className="flex h-7 items-center rounded-md px-1 hover:bg-hover"
        >
          <span className="flex max-sm:hidden">
            {others.slice(0, SHOWN).map((person) => (
              <Avatar key={person.client} {...person.user} />
            ))}
          </span>
          {others.length > SHOWN && (
            <span className="mr-1 ml-2 text-muted max-sm:hidden">+{others.length - SHOWN}</span>
          )}
          {others.length > 0 && <span className="mr-1 text-muted sm:hidden">+{others.length}</span>}
          <Avatar name={me.name} color={me.color} />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          aria-label="People"
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex max-h-[70dvh] w-64 animate-rise flex-col gap-0.5 overflow-y-auto rounded-lg border border-line bg-raised p-1.5 shadow-pop"
        >
          <h2 className="px-1.5 py-1 font-semibold">In this project</h2>
          <div className="flex h-8 items-center gap-2 px-1.5">
            <Avatar name={me.name} color={me.color} />
            <span className="min-w-0 flex-1 truncate">
              {me.name} <span className="text-muted">(you)</span>
            </span>
            <Button tone="ghost" onClick={() => local().set({ dialog: { kind: "identity" } })}>
              Change
            </Button>
          </div>
          {people.map((person) => (
            <Other key={person.client} person={person} />
          ))}
          {!others.length && (
            <p className="px-1.5 py-1 text-muted">
              {withAccounts
                ? "Nobody else is here. Share the project to work together."
                : "Nobody else is here. Share this page’s address to work together."}
            </p>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Other({ person }: { person: Person }) {
  const { user, camera, selection } = person;
  const Kind = user.kind === "peer" ? Cpu : Bot;
  return (
    <button
      type="button"
      data-testid="person"
      disabled={!camera}
      title={camera ? `See what ${user.name} sees` : undefined}
      onClick={() => camera && look(camera)}
      className="flex h-8 items-center gap-2 rounded-md px-1.5 text-left hover:bg-hover disabled:hover:bg-transparent"
    >
      {user.kind === "person" ? (
        <Avatar {...user} />
      ) : (
        <Kind size={16} aria-hidden className="mx-1" style={{ color: user.color }} />
      )}
      <span className="min-w-0 flex-1 truncate">{user.name}</span>
      {user.kind !== "person" && <Badge tone="accent">{user.kind === "peer" ? "compute peer" : "AI"}</Badge>}
      {selection.length > 0 && <span className="text-xs text-faint">{selection.length} selected</span>}
    </button>
  );
}

function look(camera: CameraPose): void {
  const view = viewport();
  if (view) view.camera = camera;
}

export function Avatar({ name, color }: { name: string; color: string }) {
  const initials = name
    .split(/\s+/)
    .map((word) => word[0] ?? "")
    .join("")
    .slice(0, 2)
    .toUpperCase();
  return (
    <span
      title={name}
      aria-hidden
      data-initials={initials}
      className="-ml-1 grid before:content-[attr(data-initials)] size-6 shrink-0 place-items-center rounded-full border-2 border-panel text-2xs font-bold text-black first:ml-0"
      style={{ background: color }}
    />
  );
}
