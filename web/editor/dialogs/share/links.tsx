import type { LinkInfo, ProjectRole } from "@core/accounts";
import { plural, until } from "@editor/lib/format";
import { ROLES, roleName, SPANS, secondsOf } from "@editor/lib/roles";
import { accounts } from "@editor/state/api";
import { useLoaded } from "@editor/state/loaded";
import { Button } from "@editor/ui/button";
import { Select } from "@editor/ui/field";
import { FormProblem, useSubmit } from "@editor/ui/form";
import { Secret } from "@editor/ui/secret";
import { Link2 } from "lucide-react";
import { useCallback, useState } from "react";

/** What a link can give: nobody becomes an owner by one. */
const BY_LINK = ROLES.filter(([key]) => key !== "owner").map(([key, name, what]) => [key, `${name}: ${what}`] as const);

/** Links that let anybody in: made, copied once, revoked. */
export function Links({ project }: { project: string }) {
  const load = useCallback(() => accounts.links(project), [project]);
  const { value = [], change, reload } = useLoaded(load);
  const [made, setMade] = useState<string | null>(null);
  const revoke = (link: LinkInfo) => change("The link was not revoked", () => accounts.removeLink(project, link.id));
  return (
    <section aria-label="Links" className="flex flex-col gap-2">
      <h3 className="font-semibold">Links</h3>
      <p className="-mt-1 text-muted">
        Whoever opens one is in, with or without an account. What it gives ends with it.
      </p>
      <NewLink
        project={project}
        onMade={(path) => {
          setMade(`${location.origin}${path}`);
          void reload();
        }}
      />
      {made && <Secret key={made} label="The new link" value={made} hint="Copy it now: it is not shown again." />}
      {value.length > 0 && (
        <ul className="max-h-48 divide-y divide-line overflow-y-auto rounded-md border border-line">
          {value.map((link) => (
            <Row key={link.id} link={link} onRevoke={() => void revoke(link)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function NewLink({ project, onMade }: { project: string; onMade(path: string): void }) {
  const [role, setRole] = useState<ProjectRole>("viewer");
  const [span, setSpan] = useState(SPANS[1]?.[0] ?? "never");
  const { busy, problems, submit } = useSubmit(async () => {
    const { path } = await accounts.createLink(project, role, secondsOf(span));
    onMade(path);
  });
  return (
    <form onSubmit={submit} aria-label="Make a link">
      <div className="flex flex-wrap gap-2">
        <Select
          aria-label="What the link allows"
          value={role}
          options={BY_LINK}
          onPick={(picked: ProjectRole) => setRole(picked)}
          data-testid="link-role"
          className="h-7 min-w-48! flex-1 border-line max-sm:basis-full"
        />
        <Select
          aria-label="How long"
          value={span}
          options={SPANS}
          onPick={setSpan}
          className="h-7 w-24! border-line max-sm:flex-1"
        />
        <Button type="submit" icon={Link2} disabled={busy} data-testid="make-link">
          Make a link
        </Button>
      </div>
      {problems[""] && <FormProblem problem={problems[""]} />}
    </form>
  );
}

function Row({ link, onRevoke }: { link: LinkInfo; onRevoke(): void }) {
  const now = Date.now();
  const end = link.expires === null ? "no end" : link.expires <= now ? "has ended" : `ends ${until(link.expires, now)}`;
  return (
    <li data-testid="link-row" className="flex min-h-10 items-center gap-2.5 px-3 py-1.5">
      <Link2 size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" />
      <p className="min-w-0 flex-1 truncate">
        {roleName(link.role)}{" "}
        <span className="text-muted">
          · {end} · {link.used === 0 ? "not used yet" : `used by ${plural(link.used, "person", "people")}`}
        </span>
      </p>
      <Button onClick={onRevoke} aria-label={`Revoke the ${roleName(link.role)} link`}>
        Revoke
      </Button>
    </li>
  );
}
