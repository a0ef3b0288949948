import { ApiError } from "@core/errors";
import { sentences } from "@editor/lib/format";
import { takeSecret } from "@editor/lib/fragment";
import { accounts } from "@editor/state/api";
import { navigate } from "@editor/state/router";
import { adopt, session } from "@editor/state/session";
import { Spinner } from "@editor/ui/feedback";
import { useEffect, useState } from "react";
import { BadLink } from "./bad-link";
import { Ways } from "./invite-page";
import { NameForm } from "./name-form";
import { EntryPage } from "./page";
import { SignInForm } from "./sign-in-form";
import { SignUpForm } from "./sign-up-form";

type Way = "account" | "sign in" | "guest";

/** A share link: who is signed in goes straight to the project, others say who they are first. */
export function JoinPage() {
  const [link] = useState(takeSecret);
  const [known, setKnown] = useState<boolean | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [way, setWay] = useState<Way>("guest");
  const join = async (name: string) => {
    const info = await accounts.byLink(link, name);
    adopt(info);
    navigate(info.project ? `/p/${info.project}` : "/", { replace: true });
  };
  const joinKnown = () =>
    join("").catch((error: unknown) =>
      setProblem(error instanceof ApiError ? sentences(error.message, error.hint) : "The server does not answer."),
    );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the link is that of the page's opening
  useEffect(() => {
    if (!link) return;
    session().then((info) => {
      setKnown(info !== null);
      if (info) void joinKnown();
    });
  }, [link]);
  if (!link) return <BadLink title="This link is not complete" />;
  if (problem) return <BadLink title="This link does not open anything">{problem}</BadLink>;
  if (known !== false) return <Waiting />;
  return (
    <EntryPage
      title="You are invited to a project"
      lead={LEADS[way]}
      footer={<Ways ways={["guest", "sign in", "account"]} way={way} onWay={setWay} />}
    >
      {way === "guest" && <NameForm action="Open the project" onSubmit={join} />}
      {way === "sign in" && <SignInForm onDone={() => void joinKnown()} />}
      {way === "account" && (
        <SignUpForm
          invitation={{ link }}
          onDone={(info) => navigate(info.project ? `/p/${info.project}` : "/", { replace: true })}
        />
      )}
    </EntryPage>
  );
}

const LEADS: Readonly<Record<Way, string>> = {
  account: "Make an account to come back from any browser.",
  "sign in": "with the account that you have",
  guest: "Say who you are, and go in.",
};

function Waiting() {
  return (
    <main className="grid h-full place-items-center">
      <Spinner label="Opening the project" />
    </main>
  );
}
