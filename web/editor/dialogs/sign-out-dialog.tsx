import { plural } from "@editor/lib/format";
import { signOutNow, stay, useSignOut } from "@editor/state/sign-out";
import { Button } from "@editor/ui/button";
import { Dialog } from "@editor/ui/dialog";

/** Asks before signing out loses something. */
export function SignOutDialog() {
  const unsaved = useSignOut((state) => state.unsaved);
  if (unsaved === 0) return null;
  return (
    <Dialog
      open
      onClose={stay}
      title="Sign out and lose changes?"
      description={`${plural(unsaved, "change is", "changes are")} only in this browser and not saved on the server.`}
      footer={
        <>
          <Button large autoFocus onClick={stay}>
            Stay signed in
          </Button>
          <Button large tone="danger" data-testid="sign-out-anyway" onClick={() => void signOutNow()}>
            Sign out and delete
          </Button>
        </>
      }
    >
      <p className="text-muted">
        Signing out deletes all that this browser keeps of your projects, so that nobody else who uses it finds them. To
        keep the changes, open their project first: wait until it says that it is saved, or save them as a file.
      </p>
    </Dialog>
  );
}
