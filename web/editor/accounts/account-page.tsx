import { IdentityForm } from "@editor/dialogs/identity-dialog";
import { accounts } from "@editor/state/api";
import { useSession } from "@editor/state/session";
import { toast } from "@editor/state/toasts";
import { Button } from "@editor/ui/button";
import { FormProblem, Input, useSubmit } from "@editor/ui/form";
import { useState } from "react";
import { AccountFrame, Part } from "./frame";
import { Keys } from "./keys";
import { SignIns } from "./sign-ins";
import { SignUpForm } from "./sign-up-form";

/** Everything about oneself. */
export function AccountPage() {
  const account = useSession((state) => state.info?.account === true);
  const name = useSession((state) => state.info?.user.name ?? "");
  return (
    <AccountFrame title="Your account">
      {!account && (
        <Part
          title="Make an account"
          lead="What you have here stays yours, and you can come back to it from any browser."
        >
          <div className="max-w-sm">
            <SignUpForm invitation={{}} name={name} onDone={() => toast("The account is made", { tone: "ok" })} />
          </div>
        </Part>
      )}
      <Part title="Name and colour" lead="As others in a project see you.">
        <IdentityForm onDone={() => toast("Saved", { tone: "ok" })} />
      </Part>
      {account && <PasswordPart />}
      <SignIns />
      {account && <Keys />}
    </AccountFrame>
  );
}

function PasswordPart() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const { busy, problems, submit } = useSubmit(
    async () => {
      await accounts.changePassword(current, next);
      setCurrent("");
      setNext("");
      toast("The password is changed. You are signed out everywhere else.", { tone: "ok" });
    },
    { wrong_login: "current", weak_password: "next" },
  );
  return (
    <Part title="Password" lead="Changing it signs you out everywhere else.">
      <form onSubmit={submit} className="flex max-w-sm flex-col gap-2.5" aria-label="Change the password">
        <Input
          label="Current password"
          type="password"
          autoComplete="current-password"
          value={current}
          onValue={setCurrent}
          problem={problems.current}
          data-testid="current-password"
        />
        <Input
          label="New password"
          type="password"
          autoComplete="new-password"
          value={next}
          onValue={setNext}
          problem={problems.next}
          hint="At least 10 characters; a sentence is good"
          data-testid="new-password"
        />
        <FormProblem problem={problems[""]} />
        <div>
          <Button type="submit" large disabled={busy || !current || !next} data-testid="change-password">
            Change the password
          </Button>
        </div>
      </form>
    </Part>
  );
}
