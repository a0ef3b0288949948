import { TOOLS } from "@editor/commands/actions";
import { local, type SnapSteps, useLocal } from "@editor/state/local";
import { useWhyNot } from "@editor/state/status";
import { IconButton } from "@editor/ui/button";
import { Check, Row } from "@editor/ui/field";
import { NumberField } from "@editor/ui/number-field";
import { Box, Globe, Magnet } from "lucide-react";
import { Popover } from "radix-ui";

/** Select, move, rotate, scale; axes; snapping. */
export function Tools() {
  const tool = useLocal((state) => state.tool);
  const whyNot = useWhyNot();
  return (
    <div role="toolbar" aria-label="Tools" className="flex items-center gap-0.5">
      {TOOLS.map((entry) => (
        <IconButton
          key={entry.tool}
          icon={entry.icon}
          label={entry.title}
          keys={entry.keys[0]}
          pressed={(whyNot ? "select" : tool) === entry.tool}
          reason={entry.tool === "select" ? undefined : whyNot}
          data-testid={`tool-${entry.tool}`}
          onClick={() => local().set({ tool: entry.tool })}
        />
      ))}
      <Space />
      <Snapping />
    </div>
  );
}

function Space() {
  const space = useLocal((state) => state.space);
  const world = space === "world";
  return (
    <IconButton
      icon={world ? Globe : Box}
      label={world ? "Axes of the world" : "Axes of the object"}
      keys="X"
      data-testid="space"
      className="ml-2"
      onClick={() => local().set({ space: world ? "local" : "world" })}
    />
  );
}

const STEPS: readonly { kind: keyof SnapSteps; label: string; unit?: string; step: number }[] = [
  { kind: "translate", label: "Move by", unit: "m", step: 0.05 },
  { kind: "rotate", label: "Rotate by", unit: "°", step: 5 },
  { kind: "scale", label: "Scale by", step: 0.05 },
];

function Snapping() {
  const snapping = useLocal((state) => state.snapping);
  const snap = useLocal((state) => state.snap);
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <IconButton
          icon={Magnet}
          label={snapping ? "Snapping is on" : "Snapping is off"}
          keys="N"
          pressed={snapping}
          data-testid="snap"
        />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          aria-label="Snapping"
          sideOffset={6}
          className="z-50 flex w-56 animate-rise flex-col gap-1.5 rounded-lg border border-line bg-raised p-3 shadow-pop"
        >
          <Check label="Snap to steps" checked={snapping} onToggle={(on) => local().set({ snapping: on })} />
          {STEPS.map(({ kind, label, unit, step }) => (
            <Row key={kind} label={label}>
              <NumberField
                label={label}
                prefix="↔"
                values={[snap[kind]]}
                min={0}
                step={step}
                {...(unit && { unit })}
                onChange={([value = 0]) => local().set({ snap: { ...snap, [kind]: value } })}
              />
            </Row>
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
