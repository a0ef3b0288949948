import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";
import { Keys } from "./keys";

interface TipProps {
  label: ReactNode;
  keys?: string | undefined;
  side?: "top" | "right" | "bottom" | "left" | undefined;
  children: ReactNode;
}

/** A tooltip with the action's name and its shortcut. */
export function Tip({ label, keys, side = "bottom", children }: TipProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-60 flex max-w-72 animate-fade items-center gap-2 rounded-md bg-hover px-2 py-1 text-xs text-ink shadow-pop select-none"
        >
          {label}
          {keys && <Keys keys={keys} />}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
