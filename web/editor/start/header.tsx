import { AccountMenu } from "@editor/accounts/account-menu";
import { IdentityDialog } from "@editor/dialogs/identity-dialog";
import { useIdentity } from "@editor/state/identity";
import { useAccounts } from "@editor/state/session";
import { Avatar } from "@editor/topbar/people";
import { useState } from "react";

export function Header() {
  return (
    <header className="flex h-13 shrink-0 items-center gap-2.5 border-b border-line bg-panel px-4 sm:px-8">
      <Mark />
      <h1 className="text-lg font-semibold tracking-tight">Maquette</h1>
      {useAccounts() ? <AccountMenu /> : <Visitor />}
    </header>
  );
}

/** On a local server: a name and a colour of one's own choice. */
function Visitor() {
  const me = useIdentity((state) => state.me);
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        data-testid="identity"
        onClick={() => setOpen(true)}
        className="ml-auto flex h-8 items-center gap-2 rounded-md px-2 hover:bg-hover"
      >
        <Avatar name={me.name} color={me.color} />
        <span className="text-base">
          {me.name}
          <span className="sr-only">: change your name and colour</span>
        </span>
      </button>
      <IdentityDialog open={open} onClose={() => setOpen(false)} />
    </>
  );
}

export function Mark() {
  return (
    <svg
      viewBox="0 0 32 32"
      width="26"
      height="26"
      aria-hidden
      role="presentation"
      fill="none"
      stroke="currentColor"
      className="text-accent"
      strokeWidth="2.2"
      strokeLinejoin="round"
    >
      <path d="M16 4l10.4 6v12L16 28 5.6 22V10z" />
      <path d="M5.9 10.2L16 16l10.1-5.8M16 16v11.6" />
    </svg>
  );
}
