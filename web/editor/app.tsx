import { Compass } from "lucide-react";
import { Tooltip } from "radix-ui";
import { lazy, Suspense } from "react";
import { InvitePage } from "./start/invite-page";
import { StartPage } from "./start/start-page";
import { followLink, useRoute } from "./state/router";
import { Notice, Spinner } from "./ui/feedback";
import { Toaster } from "./ui/toaster";

const ProjectPage = lazy(() => import("./project-page"));

export function App() {
  return (
    <Tooltip.Provider delayDuration={350} skipDelayDuration={200}>
      <Suspense fallback={<Waiting />}>
        <Page />
      </Suspense>
      <Toaster />
    </Tooltip.Provider>
  );
}

function Page() {
  const route = useRoute();
  if (route.page === "start") return <StartPage />;
  if (route.page === "invite") return <InvitePage />;
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

function Waiting() {
  return (
    <div className="grid h-full place-items-center">
      <Spinner label="Loading" />
    </div>
  );
}
