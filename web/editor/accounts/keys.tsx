import type { KeyInfo, Scope } from "@core/accounts";
import { ago, until } from "@editor/lib/format";
import { SCOPES, SPANS, secondsOf } from "@editor/lib/roles";
import { accounts } from "@editor/state/api";
import { useLoaded } from "@editor/state/loaded";
import { Button } from "@editor/ui/button";
import { CONTROL, Select } from "@editor/ui/field";
import { FormProblem, useSubmit } from "@editor/ui/form";
import { Secret } from "@editor/ui/secret";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { Part } from "./frame";

const load = () => accounts.keys();

/** Keys for scripts: made, copied once, revoked. */
export function Keys() {
  const { value = [], change, reload } = useLoaded(load);
  const [made, setMade] = useState<string | null>(null);
  const revoke = (key: KeyInfo) => change("The key was not revoked", () => accounts.revokeKey(key.id));
  return (
    <Part title="API keys" lead="For scripts that work in your name, with at most your own rights.">
      <div className="flex flex-col gap-3">
        <NewKey
          onMade={(key) => {
            setMade(key);
            void reload();
          }}
        />
        {made && (
          <Secret
            key={made}
            label="The new key"
            value={made}
            hint="Copy it now: it is not shown again. Send it as “Authorization: Bearer …”."
          />
        )}
        {value.length > 0 && (
          <ul className="divide-y divide-line rounded-md border border-line">
            {value.map((key) => (
              <Row key={key.id} item={key} onRevoke={() => void revoke(key)} />
            ))}
          </ul>
        )}
      </div>
    </Part>
  );
}

function NewKey({ onMade }: { onMade(key: string): void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("edit");
  const [span, setSpan] = useState(SPANS[2]?.[0] ?? "never");
  const { busy, problems, submit } = useSubmit(async () => {
    const { key } = await accounts.createKey(name.trim(), scope, secondsOf(span));
    setName("");
    onMade(key);
  });
  return (
    <form onSubmit={submit} aria-label="Make a key">
      <div className="flex flex-wrap gap-2">
        <input
          aria-label="Name of the key"
          placeholder="What is it for?"
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.target.value)}
          data-testid="key-name"
          className={`${CONTROL} h-7 w-auto! min-w-40 flex-1 border-line`}
        />
        <Select
          aria-label="What it may do"
          value={scope}
          options={SCOPES}
          onPick={(picked: Scope) => setScope(picked)}
          className="h-7 w-36! border-line"
        />
        <Select aria-label="How long" value={span} options={SPANS} onPick={setSpan} className="h-7 w-24! border-line" />
        <Button type="submit" disabled={busy || !name.trim()} data-testid="make-key">
          Make a key
        </Button>
      </div>
      {problems[""] && <FormProblem problem={problems[""]} />}
    </form>
  );
}

function Row({ item, onRevoke }: { item: KeyInfo; onRevoke(): void }) {
  const scope = SCOPES.find(([key]) => key === item.scope)?.[1] ?? item.scope;
  const now = Date.now();
  const end = item.expires === null ? "no end" : item.expires <= now ? "has ended" : `ends ${until(item.expires, now)}`;
  return (
    <li data-testid="key-row" className="flex min-h-12 items-center gap-3 px-3 py-1.5">
      <KeyRound size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" />
      <div className="min-w-0 flex-1">
        <p className="truncate text-base">{item.name}</p>
        <p className="truncate text-muted">
          {scope} · {end} · last used {ago(item.used, now)}
        </p>
      </div>
      <Button onClick={onRevoke} aria-label={`Revoke ${item.name}`}>
        Revoke
      </Button>
    </li>
  );
}
