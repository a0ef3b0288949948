import { type Toast, useToasts } from "@editor/state/toasts";
import { CircleAlert, CircleCheck, Info, TriangleAlert, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "./button";

const ICONS = { info: Info, ok: CircleCheck, warn: TriangleAlert, danger: CircleAlert } as const;
const TINTS = { info: "text-accent", ok: "text-ok", warn: "text-warn", danger: "text-danger" } as const;

export function Toaster() {
  const items = useToasts((state) => state.items);
  return (
    <ol
      aria-label="Notifications"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-3 z-70 max-lg:top-13 lg:bottom-3 flex flex-col items-center gap-2 sm:left-1/2 sm:w-96 sm:-translate-x-1/2"
    >
      {items.map((item) => (
        <ToastItem key={item.id} item={item} />
      ))}
    </ol>
  );
}

function ToastItem({ item }: { item: Toast }) {
  const dismiss = useToasts((state) => state.dismiss);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!item.duration || held) return;
    const timer = setTimeout(() => dismiss(item.id), item.duration);
    return () => clearTimeout(timer);
  }, [item, held, dismiss]);
  const Icon = ICONS[item.tone];
  return (
    <li
      data-testid="toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      className="pointer-events-auto flex w-full animate-rise items-start gap-2.5 rounded-lg border border-line bg-raised py-2 pr-2 pl-3 shadow-pop"
    >
      <Icon size={16} className={`mt-1 shrink-0 ${TINTS[item.tone]}`} aria-hidden />
      <div className="min-w-0 flex-1 py-1">
        <p className="break-words">{item.title}</p>
        {item.detail && <p className="mt-0.5 break-words text-muted">{item.detail}</p>}
      </div>
      {item.action && (
        <Button
          tone="ghost"
          className="text-accent-strong"
          onClick={() => {
            dismiss(item.id);
            item.action?.run();
          }}
        >
          {item.action.label}
        </Button>
      )}
      <IconButton icon={X} label="Dismiss" onClick={() => dismiss(item.id)} />
    </li>
  );
}
