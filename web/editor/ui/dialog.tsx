import { cn } from "@editor/lib/cn";
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";

interface DialogProps {
  open: boolean;
  onClose(): void;
  title: string;
  description?: ReactNode;
  wide?: boolean;
  children: ReactNode;
  footer?: ReactNode;
}

/** A modal window: centred, on small screens a sheet from below. */
export function Dialog({ open, onClose, title, description, wide, children, footer }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 animate-fade bg-black/55" />
        <Radix.Content
          {...(!description && { "aria-describedby": undefined })}
          className={cn(
            "fixed z-50 flex max-h-[86dvh] animate-rise flex-col rounded-lg border border-line bg-panel shadow-pop outline-none",
            "inset-x-0 bottom-0 rounded-b-none sm:inset-x-auto sm:bottom-auto sm:left-1/2 sm:top-[12dvh] sm:-translate-x-1/2 sm:rounded-b-lg",
            wide ? "sm:w-[640px]" : "sm:w-[420px]",
            "sm:max-w-[calc(100vw-32px)]",
          )}
        >
          <header className="flex items-start gap-2 px-4 pt-3 pb-2">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              {description && <Radix.Description className="mt-0.5 text-muted">{description}</Radix.Description>}
            </div>
            {/* Without a tooltip: it would open with the focus and take the first Escape for itself. */}
            <Radix.Close
              aria-label="Close"
              className="grid size-7 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
            >
              <X size={16} strokeWidth={1.75} aria-hidden />
            </Radix.Close>
          </header>
          {/* A wide one is a text to read: without a control inside, the keyboard scrolls the region itself. */}
          <div
            {...(wide && { tabIndex: 0 })}
            className="min-h-0 flex-1 overflow-y-auto px-4 pb-4 outline-offset-[-2px]"
          >
            {children}
          </div>
          {footer && <footer className="flex justify-end gap-2 border-t border-line px-4 py-3">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
