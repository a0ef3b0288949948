import { useConnection } from "@editor/state/status";
import { Tip } from "@editor/ui/tip";
import { Check, CircleAlert, CloudOff, LoaderCircle, type LucideIcon } from "lucide-react";

interface Look {
  icon: LucideIcon;
  tint: string;
  hint: string;
}

const LOOKS: Record<string, Look> = {
  saved: { icon: Check, tint: "text-ok", hint: "Everything is stored on the server." },
  saving: { icon: LoaderCircle, tint: "animate-spin text-accent", hint: "On its way to the server." },
  connecting: { icon: LoaderCircle, tint: "animate-spin text-accent", hint: "Looking for the server." },
  offline: {
    icon: CloudOff,
    tint: "text-warn",
    hint: "The server is out of reach. Work on: everything is kept in this browser and merges when it is back.",
  },
};
const OTHER: Look = { icon: CircleAlert, tint: "text-danger", hint: "The server refused this window's changes." };

/** The connection in words. */
export function Status() {
  const { words } = useConnection();
  const [first = ""] = words.split(/[,:]/);
  const { icon: Icon, tint, hint } = LOOKS[first] ?? OTHER;
  return (
    <Tip label={hint}>
      <span
        role="status"
        className="inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md px-1.5 text-muted select-none"
      >
        <Icon size={14} aria-hidden className={`shrink-0 ${tint}`} />
        <span data-testid="status" className="whitespace-nowrap max-md:sr-only">
          {words}
        </span>
      </span>
    </Tip>
  );
}
