import type { SignedIn } from "@core/accounts";
import { accounts } from "@editor/state/api";
import { adopt } from "@editor/state/session";
import { Button } from "@editor/ui/button";
import { FormProblem, Input, useSubmit } from "@editor/ui/form";
import { useState } from "react";

interface SignUpFormProps {
  /** By which invitation: the access key, a share link; none for who is here already. */
  invitation: { key: string } | { link: string } | object;
  name?: string;
  onDone(info: SignedIn): void;
}

export function SignUpForm({ invitation, name: known = "", onDone }: SignUpFormProps) {
  const [name, setName] = useState(known);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { busy, problems, submit } = useSubmit(
    async () => {
      const info = await accounts.signUp({ name, email, password, ...invitation });
      adopt(info);
      onDone(info);
    },
    { bad_email: "email", email_taken: "email", weak_password: "password", bad_password: "password" },
  );
  return (
    <form onSubmit={submit} className="flex flex-col gap-2.5" noValidate aria-label="Make an account">
      <Input
        label="Name"
        name="name"
        autoComplete="name"
        maxLength={64}
        autoFocus
        value={name}
        onValue={setName}
        hint="As others see it"
        data-testid="name"
      />
      <Input
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        value={email}
        onValue={setEmail}
        problem={problems.email}
        hint="To sign in with; nothing is sent to it"
        data-testid="email"
      />
      <Input
        label="Password"
        type="password"
        name="password"
        autoComplete="new-password"
        value={password}
        onValue={setPassword}
        problem={problems.password}
        hint="At least 10 characters; a sentence is good"
        data-testid="password"
      />
      <FormProblem problem={problems[""]} />
      <Button
        type="submit"
        tone="primary"
        large
        disabled={busy || !name.trim() || !email.trim() || !password}
        data-testid="sign-up"
      >
        {busy ? "One moment…" : "Make an account"}
      </Button>
    </form>
  );
}
