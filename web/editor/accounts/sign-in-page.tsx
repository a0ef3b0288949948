import { useSession } from "@editor/state/session";
import { EntryPage } from "./page";
import { SignInForm } from "./sign-in-form";

/** In place of what was asked for; it shows once somebody is signed in. */
export function SignInPage({ onDone }: { onDone(): void }) {
  const email = useSession((state) => state.info?.email);
  return (
    <EntryPage
      title="Sign in"
      lead="to your team’s Maquette"
      footer="No account yet? Open the invitation link that you were given. Password forgotten? An admin can give you a link to set a new one."
    >
      <SignInForm {...(email && { email })} onDone={onDone} />
    </EntryPage>
  );
}
