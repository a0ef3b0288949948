import { local } from "@editor/state/local";
import { useAccounts } from "@editor/state/session";
import { Button } from "@editor/ui/button";
import { UserPlus } from "lucide-react";

/** Where there are accounts: who may do what in this project. */
export function Share() {
  if (!useAccounts()) return null;
  return (
    <Button
      icon={UserPlus}
      data-testid="share"
      aria-label="Share"
      onClick={() => local().set({ dialog: { kind: "share" } })}
      className="max-lg:border-transparent max-lg:bg-transparent max-lg:px-1.5"
    >
      <span className="max-lg:hidden">Share</span>
    </Button>
  );
}
