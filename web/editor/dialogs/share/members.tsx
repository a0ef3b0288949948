import type { MemberInfo, ProjectRole } from "@core/accounts";
import { until } from "@editor/lib/format";
import { ROLES, roleName } from "@editor/lib/roles";
import { accounts } from "@editor/state/api";
import { useLoaded } from "@editor/state/loaded";
import { navigate } from "@editor/state/router";
import { useSession } from "@editor/state/session";
import { toastError } from "@editor/state/toasts";
import { Avatar } from "@editor/topbar/people";
import { Button, IconButton } from "@editor/ui/button";
import { Badge, Spinner } from "@editor/ui/feedback";
import { CONTROL, Select } from "@editor/ui/field";
import { FormProblem, useSubmit } from "@editor/ui/form";
import { UserMinus } from "lucide-react";
import { useCallback, useState } from "react";
import { strongest } from "./strongest";

const ROLE_NAMES = ROLES.map(([key, name]) => [key, name] as const);

interface MembersProps {
  project: string;
  owner: boolean;
  onLeft(): void;
}

/** Everybody who has a role in the project. */
export function Members({ project, owner, onLeft }: MembersProps) {
  const load = useCallback(() => accounts.members(project), [project]);
  const { value, failed, change, reload } = useLoaded(load);
  const me = useSession((state) => state.info?.user.id);
  const setRole = (user: string, role: ProjectRole) =>
    void change("The role was not changed", () => accounts.changeMember(project, user, role));
  const remove = (user: string) => void change("Not removed", () => accounts.removeMember(project, user));
  const leave = async () => {
    try {
      await accounts.removeMember(project, me ?? "");
    } catch (error) {
      toastError("You are still in the project", error);
      return;
    }
    onLeft();
    navigate("/");
  };
  return (
    <section aria-label="People with access" className="flex flex-col gap-2">
      {owner && <Invite project={project} onAdded={() => void reload()} />}
      <h3 className="font-semibold">People with access</h3>
      {failed && <p className="text-danger">The list could not be loaded.</p>}
      {!value && !failed && <Spinner label="Loading" />}
      {value && (
        <ul className="max-h-64 divide-y divide-line overflow-y-auto rounded-md border border-line">
          {strongest(value).map((member) => (
            <Row
              key={member.user.id}
              member={member}
              mine={member.user.id === me}
              editable={owner}
              onRole={(role) => setRole(member.user.id, role)}
              onRemove={() => (member.user.id === me ? void leave() : remove(member.user.id))}
            />
          ))}
          {value.length === 0 && (
            <li className="px-3 py-2.5 text-muted">Nobody but admins and the team of this server.</li>
          )}
        </ul>
      )}
    </section>
  );
}

function Invite({ project, onAdded }: { project: string; onAdded(): void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<ProjectRole>("editor");
  const { busy, problems, submit } = useSubmit(async () => {
    await accounts.addMember(project, email.trim(), role);
    setEmail("");
    onAdded();
  });
  return (
    <form onSubmit={submit} noValidate aria-label="Add somebody">
      <div className="flex flex-wrap gap-2">
        <input
          type="email"
          aria-label="E-mail of an account"
          placeholder="Add somebody by e-mail"
          autoComplete="off"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          data-testid="member-email"
          className={`${CONTROL} h-9 w-auto! min-w-48 flex-1 border-line px-2.5 text-base max-sm:basis-full`}
        />
        <Select
          aria-label="Role"
          value={role}
          options={ROLE_NAMES}
          onPick={(picked: ProjectRole) => setRole(picked)}
          className="h-9 w-28! border-line px-2 max-sm:flex-1"
        />
        <Button type="submit" tone="primary" large disabled={busy || !email.trim()} data-testid="add-member">
          Add
        </Button>
      </div>
      <FormProblem problem={problems[""]} />
    </form>
  );
}

interface RowProps {
  member: MemberInfo;
  mine: boolean;
  editable: boolean;
  onRole(role: ProjectRole): void;
  onRemove(): void;
}

function Row({ member, mine, editable, onRole, onRemove }: RowProps) {
  const { user, role, link, expires } = member;
  const words = [link && "by a link", expires && `ends ${until(expires, Date.now())}`].filter(Boolean).join(", ");
  return (
    <li data-testid="member-row" data-user={user.id} className="flex min-h-11 items-center gap-2.5 px-3 py-1.5">
      <Avatar {...user} />
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2 text-base">
          <span className="truncate">{user.name}</span>
          {mine && <Badge tone="accent">you</Badge>}
        </p>
        {words && <p className="truncate text-xs text-muted">{words}</p>}
      </div>
      {editable ? (
        <Select
          aria-label={`Role of ${user.name}`}
          title={ROLES.find(([key]) => key === role)?.[2]}
          value={role}
          options={ROLE_NAMES}
          onPick={onRole}
          className="h-7 w-28! border-line"
        />
      ) : (
        <span className="text-muted">{roleName(role)}</span>
      )}
      {(editable || mine) && (
        <IconButton icon={UserMinus} label={mine ? "Leave the project" : `Remove ${user.name}`} onClick={onRemove} />
      )}
    </li>
  );
}
