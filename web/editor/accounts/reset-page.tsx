import { takeSecret } from "@editor/lib/fragment";
import { accounts } from "@editor/state/api";
import { navigate } from "@editor/state/router";
import { toast } from "@editor/state/toasts";
import { Button } from "@editor/ui/button";
import { FormProblem, Input, useSubmit } from "@editor/ui/form";
import { useState } from "react";
import { BadLink } from "./bad-link";
import { EntryPage } from "./page";

/** A link from an admin: a new password, once. */
export function ResetPage() {
  const [token] = useState(takeSecret);
  const [password, setPassword] = useState("");
  const { busy, problems, submit } = useSubmit(
    async () => {
      await accounts.reset(token, password);
      toast("The new password is set. Sign in with it.", { tone: "ok" });
      navigate("/", { replace: true });
    },
    { weak_password: "password", bad_password: "password" },
  );
  if (!token) return <BadLink title="This link is not complete" />;
  return (
    <EntryPage title="A new password" lead="All other sign-ins of this account end.">
      <form onSubmit={submit} className="flex flex-col gap-2.5" aria-label="New password">
        <Input
          label="New password"
          type="password"
          autoComplete="new-password"
          autoFocus
          value={password}
          onValue={setPassword}
          problem={problems.password}
          hint="At least 10 characters; a sentence is good"
          data-testid="password"
        />
        <FormProblem problem={problems[""]} />
        <Button type="submit" tone="primary" large disabled={busy || !password} data-testid="reset">
          Set the password
        </Button>
      </form>
    </EntryPage>
  );
}
