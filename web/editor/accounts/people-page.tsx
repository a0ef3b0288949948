import type { AccountInfo, Standing } from "@core/accounts";
import { ago } from "@editor/lib/format";
import { STANDINGS } from "@editor/lib/roles";
import { accounts } from "@editor/state/api";
import { useLoaded } from "@editor/state/loaded";
import { useSession } from "@editor/state/session";
import { toastError } from "@editor/state/toasts";
import { Avatar } from "@editor/topbar/people";
import { Button, IconButton } from "@editor/ui/button";
import { Badge, Empty, Spinner } from "@editor/ui/feedback";
import { CONTROL, Select } from "@editor/ui/field";
import { Dropdown } from "@editor/ui/menu";
import { Secret } from "@editor/ui/secret";
import { Ban, Ellipsis, KeyRound, LogOut, Search, UserCheck, UsersRound } from "lucide-react";
import { useCallback, useDeferredValue, useState } from "react";
import { AccountFrame } from "./frame";

/** Everybody on this server, for those who administer it. */
export function PeoplePage() {
  return (
    <AccountFrame title="People">
      <Content />
    </AccountFrame>
  );
}

function Content() {
  const isAdmin = useSession((state) => state.info?.standing === "admin");
  if (isAdmin) return <List />;
  return <Empty icon={UsersRound} title="Only admins manage people" />;
}

function List() {
  const [find, setFind] = useState("");
  const wanted = useDeferredValue(find.trim());
  const [limit, setLimit] = useState(1);
  const load = useCallback(() => pages(wanted, limit), [wanted, limit]);
  const { value, failed, change } = useLoaded(load);
  const [reset, setReset] = useState<{ name: string; path: string } | null>(null);
  const makeReset = async (person: AccountInfo) => {
    try {
      const { path } = await accounts.resetPerson(person.id);
      setReset({ name: person.name, path });
    } catch (error) {
      toastError("No link was made", error);
    }
  };
  return (
    <section aria-label="Everybody on this server" className="flex flex-col gap-3">
      <label className="relative w-full max-w-xs">
        <span className="sr-only">Find somebody</span>
        <Search size={13} aria-hidden className="absolute top-2 left-2 text-faint" />
        <input
          value={find}
          onChange={(event) => setFind(event.target.value)}
          placeholder="Find by name or address"
          className={`${CONTROL} h-7.5 border-line bg-panel pl-7`}
        />
      </label>
      <p className="text-muted">
        New people come in by the invitation link that the server prints when it starts, or by a link to a project.
      </p>
      {reset && (
        <Secret
          key={reset.path}
          label={`Link for ${reset.name}`}
          value={`${location.origin}${reset.path}`}
          hint={`Give this link to ${reset.name}: it sets a new password once, within a day. It is not shown again.`}
        />
      )}
      {failed && <p className="text-danger">The list could not be loaded. Reload the page to try again.</p>}
      {value ? (
        <ul className="divide-y divide-line rounded-lg border border-line bg-panel">
          {value.items.map((person) => (
            <Row
              key={person.id}
              person={person}
              onChange={(fields) => void change("Nothing was changed", () => accounts.changePerson(person.id, fields))}
              onSignOut={() => void change("Not signed out", () => accounts.signPersonOut(person.id))}
              onReset={() => void makeReset(person)}
            />
          ))}
          {value.items.length === 0 && (
            <li>
              <Empty icon={Search} title="Nobody is called like that" />
            </li>
          )}
        </ul>
      ) : (
        !failed && <Spinner label="Loading" />
      )}
      {value?.next && (
        <Button className="self-center" onClick={() => setLimit(limit + 1)}>
          Show more
        </Button>
      )}
    </section>
  );
}

/** The first so many pages. */
async function pages(find: string, count: number) {
  const items: AccountInfo[] = [];
  let next: string | null | undefined;
  for (let page = 0; page < count && next !== null; page++) {
    const answer = await accounts.people(find, next);
    items.push(...answer.items);
    next = answer.next;
  }
  return { items, next: next ?? null };
}

interface RowProps {
  person: AccountInfo;
  onChange(fields: { standing?: Standing; disabled?: boolean }): void;
  onSignOut(): void;
  onReset(): void;
}

function Row({ person, onChange, onSignOut, onReset }: RowProps) {
  const me = useSession((state) => state.info?.user.id === person.id);
  const { name, disabled } = person;
  return (
    <li data-testid="person-row" data-user={person.id} className="flex min-h-14 items-center gap-3 px-3 py-2">
      <span className={disabled ? "opacity-45" : ""}>
        <Avatar name={name} color={person.color} />
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2 text-base">
          <span className="truncate font-semibold">{name}</span>
          {me && <Badge tone="accent">you</Badge>}
          {disabled && <Badge tone="warn">disabled</Badge>}
        </p>
        <p className="truncate text-muted">
          {person.email ?? "No account"}
          <span className="max-sm:hidden"> · seen {ago(person.seen, Date.now())}</span>
        </p>
      </div>
      <Select
        aria-label={`Standing of ${name}`}
        title={STANDINGS.find(([key]) => key === person.standing)?.[2]}
        value={person.standing}
        options={STANDINGS.map(([key, word]) => [key, word] as const)}
        disabled={me || disabled}
        onPick={(standing) => onChange({ standing })}
        className="h-7 w-24! border-line"
      />
      <Dropdown
        align="end"
        entries={[
          { label: "Link for a new password", icon: KeyRound, disabled: person.email === null, run: onReset },
          { label: "Sign out everywhere", icon: LogOut, run: onSignOut },
          "-",
          disabled
            ? { label: "Enable again", icon: UserCheck, run: () => onChange({ disabled: false }) }
            : { label: "Disable", icon: Ban, danger: true, disabled: me, run: () => onChange({ disabled: true }) },
        ]}
        trigger={<IconButton icon={Ellipsis} label={`Options of ${name}`} />}
      />
    </li>
  );
}
