import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "./button";
import { CONTROL } from "./field";

/** Something that is shown once: to be copied now. */
export function Secret({ label, value, hint }: { label: string; value: string; hint: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(value);
    setCopied(true);
  };
  return (
    <div className="flex animate-fade flex-col gap-1.5 rounded-md border border-accent/40 bg-accent-deep/40 p-2.5">
      <div className="flex gap-2">
        <input
          readOnly
          aria-label={label}
          data-testid="secret"
          value={value}
          onFocus={(event) => event.currentTarget.select()}
          className={`${CONTROL} h-7 border-line font-mono`}
        />
        <Button tone="primary" icon={copied ? Check : Copy} onClick={() => void copy()} className="w-22">
          {copied ? "Copied" : "Copy"}
        </Button>
      </div>
      <p className="text-xs text-muted" role="status">
        {hint}
      </p>
    </div>
  );
}
