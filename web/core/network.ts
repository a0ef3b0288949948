/** The browser's own word on its network. Returns how to stop listening; outside of a browser there is nothing to hear. */
export function onNetwork(listeners: { readonly back: () => void; readonly lost: () => void }): () => void {
  if (typeof globalThis.addEventListener !== "function") return () => {};
  globalThis.addEventListener("online", listeners.back);
  globalThis.addEventListener("offline", listeners.lost);
  return () => {
    globalThis.removeEventListener("online", listeners.back);
    globalThis.removeEventListener("offline", listeners.lost);
  };
}
