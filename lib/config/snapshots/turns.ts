/**
 * Who may work on snapshots: what is asked for, one after the other, and in between the merging of
 * those that are deleted, which gives way at once.
 */
import type { Clock } from "../../runtime/clock.ts";
import { ControlError } from "../control_error.ts";
import type { Followed } from "../snapshot_control.ts";
import type { StateKeeper } from "../state_keeper.ts";
import type { MergeWork } from "./merge_work.ts";

/** After that, what failed or was too much is tried again. */
const AGAIN_MS = 60_000;

export class SnapshotTurns {
  readonly #keeper: StateKeeper;
  readonly #clock: Clock;
  #work: MergeWork | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #merging: Promise<void> | undefined;
  #abort = new AbortController();
  /** Who keeps the merging from going on. */
  #holders = 0;
  #callOff: (() => void) | undefined;
  #stopped = false;
  /** Why merging failed the last time, which is told once however often it is tried again. */
  #told: string | undefined;

  constructor(keeper: StateKeeper, clock: Clock) {
    this.#keeper = keeper;
    this.#clock = clock;
  }

  /** Runs `action` when those before it have ended, while nothing is merged. */
  alone<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.holdingOff(action));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Runs `action` while nothing is merged; others may go on. */
  async holdingOff<T>(action: () => Promise<T>): Promise<T> {
    this.#holders++;
    try {
      await this.#interrupt();
      return await action();
    } finally {
      this.#holders--;
      this.goOn();
    }
  }

  /** Merges, in the background, what is to be merged: only where a service runs. */
  goOn(): void {
    if (!this.#keeper.observation.running) return;
    if (this.#stopped || this.#holders > 0 || this.#merging !== undefined) return;
    this.#callOff?.();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    // Whatever went wrong, nobody waits for it, and what is served goes on.
    this.#merging = this.#merge({ signal }).catch((error) => this.#failed(error, signal))
      .finally(() => this.#merging = undefined);
  }

  /** Merges until nothing is left, for whoever waits for it. */
  async finish(followed: Followed = {}): Promise<void> {
    await this.alone(() => this.#merge(followed));
    followed.signal?.throwIfAborted();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#callOff?.();
    await this.#last;
    await this.#interrupt();
  }

  async #interrupt(): Promise<void> {
    this.#abort.abort(new ControlError("failed", "the merge was interrupted"));
    await this.#merging;
  }

  async #merge(followed: Followed): Promise<void> {
    if (this.#work === undefined) {
      const state = await this.#keeper.state();
      if (!state.disks.some(({ chain }) => chain?.snapshots.some(({ deleting }) => deleting))) {
        return;
      }
      const { MergeWork } = await import("./merge_work.ts");
      this.#work = new MergeWork(this.#keeper, () => this.#clock.now());
    }
    await this.#work.run(followed);
    this.#told = undefined;
  }

  #failed(error: unknown, { aborted }: AbortSignal): void {
    if (!aborted) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#keeper.logger.error("deleted snapshots could not be merged", { reason });
      if (reason !== this.#told) this.#keeper.notes.note("merge-failed", { reason });
      this.#told = reason;
    }
    if (this.#stopped) return;
    this.#callOff = this.#clock.after(AGAIN_MS, () => this.goOn());
  }
}
