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
  /** Why it rests now. It stays in reach of pointer and keyboard, so that everybody can learn it. */
  reason?: string | undefined;
  children?: ReactNode;
}

export function Button({ reason, ...rest }: ButtonProps) {
  if (reason === undefined) return <Plain {...rest} />;
  return (
    <Tip label={reason}>
      <Plain {...rest} {...resting(reason)} />
    </Tip>
  );
}

/** Like `disabled`, but with a word for the reason. */
function resting(reason: string) {
  return { "aria-disabled": true, "aria-description": reason, onClick: undefined } as const;
}

function Plain({ tone = "plain", icon: Icon, large, className, children, ...rest }: Omit<ButtonProps, "reason">) {
  return (
    <button
      type="button"
      {...rest}
      className={cn(
        "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border whitespace-nowrap transition-colors",
        "disabled:pointer-events-none disabled:opacity-45 aria-disabled:opacity-45",
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
  /** Why it rests now. */
  reason?: string | undefined;
}

/** A square button with an icon, its name as label and tooltip. */
export function IconButton(props: IconButtonProps) {
  const { icon: Icon, label, keys, pressed, small, side, reason, className, ...rest } = props;
  return (
    <Tip label={reason ?? label} keys={reason ? undefined : keys} side={side}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        {...rest}
        {...(reason && resting(reason))}
        className={cn(
          "inline-grid shrink-0 place-items-center rounded-md transition-colors",
          "disabled:pointer-events-none disabled:opacity-40 aria-disabled:opacity-40",
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
