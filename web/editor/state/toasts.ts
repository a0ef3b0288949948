import { sentences } from "@editor/lib/format";
import { create } from "zustand";

export type ToastTone = "info" | "ok" | "warn" | "danger";

export interface Toast {
  id: number;
  tone: ToastTone;
  title: string;
  detail?: string;
  action?: { label: string; run(): void };
  /** Milliseconds until it goes; 0 stays until dismissed. */
  duration: number;
}

interface Toasts {
  items: readonly Toast[];
  dismiss(id: number): void;
}

let next = 1;

export const useToasts = create<Toasts>((set) => ({
  items: [],
  dismiss: (id) => set(({ items }) => ({ items: items.filter((item) => item.id !== id) })),
}));

/** Shows a toast; the same title replaces its elder. Errors stay longer, since they must be read. */
export function toast(title: string, options: Partial<Omit<Toast, "id" | "title">> = {}): number {
  const tone = options.tone ?? "info";
  const entry: Toast = { tone, duration: tone === "danger" ? 12_000 : 5000, ...options, title, id: next++ };
  useToasts.setState(({ items }) => ({ items: [...items.filter((item) => item.title !== title).slice(-3), entry] }));
  return entry.id;
}

/** What browsers say when a request found no server. */
const NO_NETWORK = /^(Failed to fetch|NetworkError|Load failed)/;

/** What went wrong, in words: the API's and the document's errors carry `message` and `hint`. */
export function toastError(what: string, error: unknown): void {
  const { message = String(error), hint = "" } = (error ?? {}) as { message?: string; hint?: string };
  const detail = NO_NETWORK.test(message)
    ? "The server does not answer. Try again in a moment."
    : sentences(message, hint);
  toast(what, { tone: "danger", detail });
}
