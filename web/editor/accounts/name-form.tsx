import { Button } from "@editor/ui/button";
import { FormProblem, Input, useSubmit } from "@editor/ui/form";
import { useState } from "react";

/** Only a name: for those who come without an account. */
export function NameForm({ action, onSubmit }: { action: string; onSubmit(name: string): Promise<void> }) {
  const [name, setName] = useState("");
  const { busy, problems, submit } = useSubmit(() => onSubmit(name.trim()));
  return (
    <form onSubmit={submit} className="flex flex-col gap-2.5" aria-label={action}>
      <Input
        label="Your name"
        name="name"
        autoComplete="name"
        maxLength={64}
        autoFocus
        value={name}
        onValue={setName}
        hint="As others see it"
        data-testid="name"
      />
      <FormProblem problem={problems[""]} />
      <Button type="submit" tone="primary" large disabled={busy || !name.trim()} data-testid="continue">
        {busy ? "One moment…" : action}
      </Button>
    </form>
  );
}
