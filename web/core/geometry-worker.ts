/** The worker of geometry-pool.ts: bytes in, a decoded geometry out, buffers handed over. */

import { MaquetteError } from "./errors";
import { decodeGeometry, transferables } from "./geometry";
import type { WorkerAnswer, WorkerRequest } from "./geometry-pool";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = async ({ data }: MessageEvent<WorkerRequest>) => {
  try {
    const geometry = await decodeGeometry(data.bytes);
    const answer: WorkerAnswer = { geometry };
    scope.postMessage(answer, transferables(geometry));
  } catch (error) {
    const answer: WorkerAnswer = { error: shapeOf(error) };
    scope.postMessage(answer);
  }
};

function shapeOf(error: unknown) {
  if (error instanceof MaquetteError) return error.toJSON();
  return { code: "bad_geometry", message: String(error), hint: "" };
}
