import type { SignedIn } from "@core/accounts";
import { accounts } from "@editor/state/api";
import { adopt } from "@editor/state/session";
import { Button } from "@editor/ui/button";
import { FormProblem, Input, useSubmit } from "@editor/ui/form";
import { useState } from "react";

interface SignInFormProps {
  /** Known already, where somebody comes back. */
  email?: string;
  onDone(info: SignedIn): void;
}

export function SignInForm({ email: known = "", onDone }: SignInFormProps) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const { busy, problems, submit } = useSubmit(
    async () => {
      const info = await accounts.signIn(email, password);
      adopt(info);
      onDone(info);
    },
    { bad_email: "email", wrong_login: "password" },
  );
  return (
    <form onSubmit={submit} className="flex flex-col gap-2.5" noValidate aria-label="Sign in">
      <Input
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        autoFocus={!known}
        value={email}
        onValue={setEmail}
        problem={problems.email}
        data-testid="email"
      />
      <Input
        label="Password"
        type="password"
        name="password"
        autoComplete="current-password"
        autoFocus={!!known}
        value={password}
        onValue={setPassword}
        problem={problems.password}
        data-testid="password"
      />
      <FormProblem problem={problems[""]} />
      <Button type="submit" tone="primary" large disabled={busy || !email.trim() || !password} data-testid="sign-in">
        {busy ? "Signing in…" : "Sign in"}
      </Button>
    </form>
  );
}
