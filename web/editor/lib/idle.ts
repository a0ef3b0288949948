/** Long work in the gaps between frames. */

/** Milliseconds of work at a time: half a frame, so that input is never late. */
const SLICE = 8;

/** Runs the steps when the page has nothing else to do; calls back with their result. Returns how to stop. */
export function whenIdle<T>(work: Iterator<unknown, T>, done: (result: T) => void): () => void {
  let cancel = () => {};
  const slice = () => {
    const end = performance.now() + SLICE;
    while (performance.now() < end) {
      const step = work.next();
      if (step.done) return done(step.value);
    }
    cancel = soon(slice);
  };
  cancel = soon(slice);
  return () => cancel();
}

/** Some browsers have no idle callbacks: there, after what waits already. */
function soon(run: () => void): () => void {
  if (typeof requestIdleCallback !== "function") {
    const timer = setTimeout(run);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(run, { timeout: 1000 });
  return () => cancelIdleCallback(handle);
}
