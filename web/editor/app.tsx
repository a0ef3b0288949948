import { Bug, Compass } from "lucide-react";
import { Tooltip } from "radix-ui";
import { lazy, Suspense } from "react";
import { SignInPage } from "./accounts/sign-in-page";
import { SignOutDialog } from "./dialogs/sign-out-dialog";
import { StartPage } from "./start/start-page";
import { followLink, navigate, useRoute } from "./state/router";
import { Boundary } from "./ui/boundary";
import { Button } from "./ui/button";
import { Notice, Spinner } from "./ui/feedback";
import { Toaster } from "./ui/toaster";

const ProjectPage = lazy(() => import("./project-page"));
const AccountPage = lazy(() => import("./accounts/account-page").then((page) => ({ default: page.AccountPage })));
const InvitePage = lazy(() => import("./accounts/invite-page").then((page) => ({ default: page.InvitePage })));
const JoinPage = lazy(() => import("./accounts/join-page").then((page) => ({ default: page.JoinPage })));
const PeoplePage = lazy(() => import("./accounts/people-page").then((page) => ({ default: page.PeoplePage })));
const ResetPage = lazy(() => import("./accounts/reset-page").then((page) => ({ default: page.ResetPage })));

export function App() {
  return (
    <Tooltip.Provider delayDuration={350} skipDelayDuration={200}>
      <Boundary fallback={(error) => <Broken error={error} />}>
        <Suspense fallback={<Waiting />}>
          <Page />
        </Suspense>
      </Boundary>
      <SignOutDialog />
      <Toaster />
    </Tooltip.Provider>
  );
}

function Page() {
  const route = useRoute();
  if (route.page === "start") return <StartPage />;
  if (route.page === "login") return <SignInPage onDone={() => navigate("/", { replace: true })} />;
  if (route.page === "invite") return <InvitePage />;
  if (route.page === "join") return <JoinPage />;
  if (route.page === "account") return <AccountPage />;
  if (route.page === "people") return <PeoplePage />;
  if (route.page === "reset") return <ResetPage />;
  if (route.page === "project") return <ProjectPage key={route.id} id={route.id} />;
  return (
    <Notice icon={Compass} title="There is nothing here">
      <p>The address may have been cut when it was copied.</p>
      <a href="/" onClick={followLink} className="text-accent-strong underline underline-offset-2">
        All projects
      </a>
    </Notice>
  );
}

/** Also after an update of the server, when a part of the page is asked for that is no longer there. */
function Broken({ error }: { error: Error }) {
  return (
    <Notice icon={Bug} title="Something broke here">
      <p>Your work is safe: it is on the server, or kept in this browser.</p>
      <p className="font-mono text-xs text-faint">{error.message}</p>
      <Button tone="primary" large onClick={() => location.reload()}>
        Load the page again
      </Button>
    </Notice>
  );
}

function Waiting() {
  return (
    <div className="grid h-full place-items-center">
      <Spinner label="Loading" />
    </div>
  );
}
