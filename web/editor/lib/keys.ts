/** Shortcuts are written "Mod+Shift+Z": Mod is Command on Apple's systems and Control elsewhere. */

export const APPLE = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);

const SIGNS: Record<string, string> = APPLE
  ? { Mod: "⌘", Shift: "⇧", Alt: "⌥", Enter: "↩", Delete: "⌫", Escape: "Esc" }
  : { Mod: "Ctrl", Delete: "Del", Escape: "Esc" };

/** The caps to draw for a shortcut: ["Ctrl", "Z"]. */
export function capsOf(shortcut: string): string[] {
  return shortcut.split("+").map((part) => SIGNS[part] ?? part);
}

/** What a key event is called in our notation. */
export function shortcutOf(event: KeyboardEvent): string {
  const parts: string[] = [];
  if (APPLE ? event.metaKey : event.ctrlKey) parts.push("Mod");
  if (event.altKey) parts.push("Alt");
  const key = nameOf(event);
  if (event.shiftKey && (key.length > 1 || /[a-z]/i.test(key))) parts.push("Shift");
  return [...parts, key].join("+");
}

function nameOf(event: KeyboardEvent): string {
  if (event.key === " ") return "Space";
  if (event.key === "Backspace") return "Delete";
  return event.key.length === 1 ? event.key.toUpperCase() : event.key;
}

/** True while the user types: single-key shortcuts must not fire then. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "color", "range"].includes(target.type);
}
