import { useIdentity } from "@editor/state/identity";
import { navigate } from "@editor/state/router";
import { useSession } from "@editor/state/session";
import { signOut } from "@editor/state/sign-out";
import { Avatar } from "@editor/topbar/people";
import { Dropdown, type MenuEntry } from "@editor/ui/menu";
import { LogIn, LogOut, UserRound, UsersRound } from "lucide-react";

/** Who am I, and what goes with it. */
export function AccountMenu() {
  const me = useIdentity((state) => state.me);
  return (
    <Dropdown
      align="end"
      entries={useAccountEntries()}
      trigger={
        <button
          type="button"
          data-testid="account-menu"
          className="ml-auto flex h-8 min-w-0 items-center gap-2 rounded-md px-2 hover:bg-hover"
        >
          <Avatar name={me.name} color={me.color} />
          <span className="truncate text-base">
            {me.name}
            <span className="sr-only">: your account</span>
          </span>
        </button>
      }
    />
  );
}

export function useAccountEntries(): MenuEntry[] {
  const info = useSession((state) => state.info);
  const isAccount = info?.account === true;
  return [
    { heading: isAccount && info?.email ? info.email : "In this browser, without an account" },
    {
      label: isAccount ? "Your account" : "Make an account…",
      icon: isAccount ? UserRound : LogIn,
      run: () => navigate("/account"),
    },
    ...(info?.standing === "admin"
      ? [{ label: "People", icon: UsersRound, run: () => navigate("/people") } satisfies MenuEntry]
      : []),
    "-",
    { label: "Sign out", icon: LogOut, testId: "sign-out", run: () => void signOut() },
  ];
}
