/**
 * A long operation as a stream of JSON values, a line each: `{"progress": …}` as it goes, and at
 * last `{"result": …}` or `{"error": …}`. Whoever stops reading calls the operation off.
 */
import type { ControlError, Progress } from "../config/control.ts";
import { errorBody } from "./error_answer.ts";
import type { Course } from "./route.ts";

/** Steps in which progress is told. */
const STEPS = 100;

export function progressStream(
  run: (course: Course) => Promise<unknown>,
  asControlError: (error: unknown) => ControlError,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const stopped = new AbortController();
  let told = 0;

  return new ReadableStream<Uint8Array>({
    async start(controller) {
      function tell(value: unknown): void {
        if (!stopped.signal.aborted) {
          controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
        }
      }
      function onProgress(progress: Progress): void {
        const { done, total } = progress;
        if (done < total && done - told < total / STEPS) return;
        told = done;
        tell({ progress });
      }
      try {
        tell({ result: await run({ onProgress, signal: stopped.signal }) });
      } catch (error) {
        tell(errorBody(asControlError(error)));
      }
      if (!stopped.signal.aborted) controller.close();
    },
    cancel() {
      stopped.abort();
    },
  });
}
