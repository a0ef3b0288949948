import { SignInForm } from "@editor/accounts/sign-in-form";
import { useProject } from "@editor/state/project";
import { useSession } from "@editor/state/session";
import { Dialog } from "@editor/ui/dialog";

/** Over an open project whose session ended: the same person goes on with all that is not saved. */
export default function SignInDialog({ onReopen }: { onReopen(): void }) {
  const project = useProject();
  const email = useSession((state) => state.info?.email);
  return (
    <Dialog
      open
      onClose={() => useSession.setState({ asking: false })}
      title="Sign in again"
      description="What you did here is kept, and saved once you are back."
    >
      <SignInForm
        {...(email && { email })}
        onDone={({ user }) => (user.id === project.user.id ? project.rejoin() : onReopen())}
      />
    </Dialog>
  );
}
