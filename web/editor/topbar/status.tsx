import { plural } from "@editor/lib/format";
import { useConnection } from "@editor/state/status";
import { Tip } from "@editor/ui/tip";
import { Check, CircleAlert, CloudOff, HardDrive, LoaderCircle, type LucideIcon } from "lucide-react";

interface Look {
  icon: LucideIcon;
  tint: string;
  hint: string;
}

const LOOKS: Record<string, Look> = {
  saved: { icon: Check, tint: "text-ok", hint: "Everything is stored on the server." },
  saving: { icon: LoaderCircle, tint: "animate-spin text-accent", hint: "On its way to the server." },
  "saving slowly": {
    icon: LoaderCircle,
    tint: "animate-spin text-warn",
    hint: "On its way to the server, which answers slowly.",
  },
  "not saved yet": { icon: HardDrive, tint: "text-warn", hint: "The server cannot store anything at the moment." },
  connecting: { icon: LoaderCircle, tint: "animate-spin text-accent", hint: "Looking for the server." },
  offline: {
    icon: CloudOff,
    tint: "text-warn",
    hint: "The server is out of reach. Work on: everything is kept in this browser and merges when it is back.",
  },
};
const OTHER: Look = { icon: CircleAlert, tint: "text-danger", hint: "This window is not connected any more." };

/** The connection in words; behind them how much waits. */
export function Status() {
  const { words, changes, retrying } = useConnection();
  const [first = ""] = words.split(/[,:]/);
  const { icon: Icon, tint, hint } = LOOKS[first] ?? OTHER;
  const waiting = changes > 0 ? `${plural(changes, "change is", "changes are")} not saved yet. ` : "";
  const trying = retrying ? " Trying again now." : "";
  return (
    <Tip label={`${waiting}${hint}${trying}`}>
      <span
        role="status"
        data-changes={changes}
        className="inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md px-1.5 text-muted select-none"
      >
        <Icon size={14} aria-hidden className={`shrink-0 ${tint}`} />
        <span data-testid="status" className="whitespace-nowrap max-md:sr-only">
          {first === "refused" ? "not connected" : words}
        </span>
      </span>
    </Tip>
  );
}
