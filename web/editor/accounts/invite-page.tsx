import { takeSecret } from "@editor/lib/fragment";
import { accounts } from "@editor/state/api";
import { navigate } from "@editor/state/router";
import { adopt } from "@editor/state/session";
import { useState } from "react";
import { BadLink } from "./bad-link";
import { NameForm } from "./name-form";
import { EntryPage, LINK } from "./page";
import { SignInForm } from "./sign-in-form";
import { SignUpForm } from "./sign-up-form";

type Way = "account" | "sign in" | "guest";

/** The invitation that the server prints: an account, or a name alone. The key stands in the fragment, which no server logs. */
export function InvitePage() {
  const [key] = useState(takeSecret);
  const [way, setWay] = useState<Way>("account");
  if (!key) return <BadLink title="This invitation has no key" />;
  const done = () => navigate("/", { replace: true });
  const enter = async (name: string) => {
    adopt(await accounts.byKey(key, name));
    done();
  };
  return (
    <EntryPage
      title={way === "sign in" ? "Sign in" : "You are invited"}
      lead={LEADS[way]}
      footer={<Ways ways={["account", "sign in", "guest"]} way={way} onWay={setWay} />}
    >
      {way === "account" && <SignUpForm invitation={{ key }} onDone={done} />}
      {way === "sign in" && <SignInForm onDone={done} />}
      {way === "guest" && <NameForm action="Continue" onSubmit={enter} />}
    </EntryPage>
  );
}

const LEADS: Readonly<Record<Way, string>> = {
  account: "Make an account to come back from any browser.",
  "sign in": "with the account that you have",
  guest: "Continue in this browser, without an account.",
};

const WORDS: Readonly<Record<Way, string>> = {
  account: "Make an account",
  "sign in": "I have an account",
  guest: "Continue without an account",
};

/** The other ways in. */
export function Ways({ ways, way, onWay }: { ways: readonly Way[]; way: Way; onWay(way: Way): void }) {
  return (
    <ul className="flex flex-col items-start gap-2">
      {ways
        .filter((other) => other !== way)
        .map((other) => (
          <li key={other}>
            <button type="button" className={LINK} onClick={() => onWay(other)}>
              {WORDS[other]}
            </button>
          </li>
        ))}
    </ul>
  );
}
