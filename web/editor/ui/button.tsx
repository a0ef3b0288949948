import { cn } from "@editor/lib/cn";
import type { LucideIcon } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { Tip } from "./tip";

type Tone = "plain" | "primary" | "danger" | "ghost";

const TONES: Record<Tone, string> = {
  plain: "bg-raised border-line hover:bg-hover active:bg-field",
  primary: "bg-accent border-accent text-on-accent font-semibold hover:bg-accent-strong hover:border-accent-strong",
  danger: "bg-danger-deep border-danger/40 text-danger hover:border-danger",
  ghost: "border-transparent text-muted hover:bg-hover hover:text-ink",
};

interface ButtonProps extends ComponentProps<"button"> {
  tone?: Tone;
  icon?: LucideIcon;
  large?: boolean;
  children?: ReactNode;
}

export function Button({ tone = "plain", icon: Icon, large, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={cn(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border whitespace-nowrap transition-colors",
        "disabled:pointer-events-none disabled:opacity-45",
        large ? "h-9 px-3.5 text-base" : "h-7 px-2.5 text-sm",
        TONES[tone],
        className,
      )}
    >
      {Icon && <Icon size={large ? 16 : 14} strokeWidth={1.75} aria-hidden />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  icon: LucideIcon;
  label: string;
  /** Shown in the tooltip behind the label. */
  keys?: string | undefined;
  pressed?: boolean;
  small?: boolean;
  side?: "top" | "right" | "bottom" | "left";
}

/** A square button with an icon, its name as label and tooltip. */
export function IconButton({ icon: Icon, label, keys, pressed, small, side, className, ...rest }: IconButtonProps) {
  return (
    <Tip label={label} keys={keys} side={side}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        {...rest}
        className={cn(
          "inline-grid shrink-0 place-items-center rounded-md transition-colors",
          "disabled:pointer-events-none disabled:opacity-40",
          small ? "size-6 pointer-coarse:size-7" : "size-7 pointer-coarse:size-8",
          pressed ? "bg-accent-deep text-accent-strong" : "text-muted hover:bg-hover hover:text-ink",
          className,
        )}
      >
        <Icon size={small ? 14 : 16} strokeWidth={1.75} aria-hidden />
      </button>
    </Tip>
  );
}
