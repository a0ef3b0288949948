import { Header } from "@editor/start/header";
import { followLink } from "@editor/state/router";
import { session, useSession } from "@editor/state/session";
import { Spinner } from "@editor/ui/feedback";
import { ArrowLeft } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { SignInPage } from "./sign-in-page";

/** A page about accounts: for who is signed in; others sign in first and then see it. */
export function AccountFrame({ title, children }: { title: string; children: ReactNode }) {
  const info = useSession((state) => state.info);
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    document.title = `${title} – Maquette`;
    void session().then(() => setAsked(true));
  }, [title]);
  if (!info) return asked ? <SignInPage onDone={() => {}} /> : <Waiting />;
  return (
    <div className="flex h-full flex-col">
      <Header />
      <main className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-3xl flex-col gap-5 px-4 py-6 sm:px-8 sm:py-8">
          <div>
            <a href="/" onClick={followLink} className="inline-flex items-center gap-1.5 text-muted hover:text-ink">
              <ArrowLeft size={14} aria-hidden /> All projects
            </a>
            <h2 className="mt-2 text-xl font-semibold">{title}</h2>
          </div>
          {children}
        </div>
      </main>
    </div>
  );
}

/** A card of such a page. */
export function Part({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="rounded-lg border border-line bg-panel p-4 sm:p-5">
      <h3 className="text-lg font-semibold">{title}</h3>
      {lead && <p className="mt-0.5 text-muted">{lead}</p>}
      <div className="mt-4">{children}</div>
    </section>
  );
}

function Waiting() {
  return (
    <main className="grid h-full place-items-center">
      <Spinner label="Loading" />
    </main>
  );
}
