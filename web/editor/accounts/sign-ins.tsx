import type { SignInInfo } from "@core/accounts";
import { ago, browserOf } from "@editor/lib/format";
import { accounts } from "@editor/state/api";
import { useLoaded } from "@editor/state/loaded";
import { Button } from "@editor/ui/button";
import { Badge, Spinner } from "@editor/ui/feedback";
import { Monitor, Terminal } from "lucide-react";
import { Part } from "./frame";

const load = () => accounts.signIns();

/** Where somebody is signed in, with a way to end each. */
export function SignIns() {
  const { value, change } = useLoaded(load);
  const others = value?.filter((item) => !item.current) ?? [];
  const end = (ended: readonly SignInInfo[]) =>
    change("Not signed out there", () => Promise.all(ended.map((item) => accounts.endSignIn(item.id))));
  return (
    <Part title="Where you are signed in">
      {value ? (
        <ul className="divide-y divide-line rounded-md border border-line">
          {value.map((item) => (
            <Row key={item.id} item={item} onEnd={() => void end([item])} />
          ))}
        </ul>
      ) : (
        <Spinner label="Loading" />
      )}
      {others.length > 1 && (
        <Button className="mt-3" onClick={() => void end(others)}>
          Sign out everywhere else
        </Button>
      )}
    </Part>
  );
}

function Row({ item, onEnd }: { item: SignInInfo; onEnd(): void }) {
  const Icon = item.kind === "session" ? Monitor : Terminal;
  const name = item.kind === "session" ? browserOf(item.agent) : item.agent || "A program";
  return (
    <li data-testid="sign-in-row" className="flex min-h-12 items-center gap-3 px-3 py-1.5">
      <Icon size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" />
      <div className="min-w-0 flex-1">
        <p className="truncate text-base">{name}</p>
        <p className="truncate text-muted">Last seen {ago(item.used, Date.now())}</p>
      </div>
      {item.current ? (
        <Badge tone="accent">this browser</Badge>
      ) : (
        <Button onClick={onEnd} aria-label={`Sign out ${name}`}>
          Sign out
        </Button>
      )}
    </li>
  );
}
