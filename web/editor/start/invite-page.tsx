import { sentences } from "@editor/lib/format";
import { keyOf } from "@editor/lib/invitation";
import { api } from "@editor/state/api";
import { navigate } from "@editor/state/router";
import { forgetSession } from "@editor/state/session";
import { Button } from "@editor/ui/button";
import { Notice, Spinner } from "@editor/ui/feedback";
import { KeyRound } from "lucide-react";
import { useEffect, useState } from "react";

/** Exchanges the key of an invitation link for a cookie. The key stands in the fragment, which no server logs. */
export function InvitePage() {
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const key = keyOf(location.hash);
    if (!key) {
      setProblem("The link has no key. It may have been cut when it was copied.");
      return;
    }
    let gone = false;
    api
      .signIn(key)
      .then(() => {
        forgetSession();
        if (!gone) navigate("/", { replace: true });
      })
      .catch((error: { message?: string; hint?: string }) => {
        if (!gone) setProblem(sentences(error.message ?? "the server did not accept the key", error.hint ?? ""));
      });
    return () => {
      gone = true;
    };
  }, []);
  return (
    <Notice icon={KeyRound} title={problem ? "This invitation does not work" : "One moment"}>
      {problem ? (
        <>
          <p>{problem}</p>
          <Button large onClick={() => location.reload()}>
            Try again
          </Button>
        </>
      ) : (
        <Spinner label="Checking the invitation" />
      )}
    </Notice>
  );
}
