/**
 * Extends several disks, all or none: each takes its space, and none is larger before all have it.
 */
import { ControlError } from "../control_error.ts";
import type { CreateOptions, GrowthOptions } from "../disk_files.ts";

export interface Growth {
  /** What its disk is called. */
  readonly disk: string;
  /** Octets that it adds. */
  readonly length: number;
  /** Makes it larger, and awaits `ready` before it does so for good. */
  run(options: GrowthOptions): Promise<void>;
}

export async function growTogether(
  growths: readonly Growth[],
  { onProgress, signal }: CreateOptions,
): Promise<void> {
  const total = growths.reduce((sum, { length }) => sum + length, 0);
  const done = growths.map(() => 0);
  const all = new Barrier(growths.length);
  const runs = growths.map(async ({ length, run }, at) => {
    try {
      await run({
        signal,
        ready: () => all.arrive(at),
        onProgress(progress) {
          done[at] = length * progress.done / progress.total;
          onProgress?.({ done: done.reduce((sum, each) => sum + each), total });
        },
      });
      // One that had to wait for nothing has not asked.
      all.arrive(at).catch(() => undefined);
    } catch (error) {
      all.fail(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(runs);
  if (results.every(({ status }) => status === "fulfilled")) return;
  const grown = growths.filter((_, at) => results[at]!.status === "fulfilled");
  throw withGrown(all.reason, grown.map(({ disk }) => disk));
}

/** Where several wait until each of them has come, or one has failed. */
class Barrier {
  readonly #open = Promise.withResolvers<void>();
  readonly #missing: Set<number>;
  /** Why the first of them failed. */
  reason: unknown;

  constructor(count: number) {
    this.#missing = new Set(Array(count).keys());
    this.#open.promise.catch(() => undefined);
  }

  arrive(who: number): Promise<void> {
    this.#missing.delete(who);
    if (this.#missing.size === 0) this.#open.resolve();
    return this.#open.promise;
  }

  fail(reason: unknown): void {
    this.reason ??= reason;
    this.#open.reject(reason);
  }
}

/** A disk that is larger stays so: its initiators may know already. */
function withGrown(error: unknown, disks: readonly string[]): unknown {
  if (disks.length === 0 || !(error instanceof ControlError)) return error;
  const larger = disks.length === 1 ? `disk ${disks[0]} is` : `disks ${disks.join(", ")} are`;
  const message = `${error.message}; ${larger} larger all the same`;
  return new ControlError(error.kind, message, error.nextStep, { cause: error });
}
