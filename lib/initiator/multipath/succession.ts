/**
 * The sessions that follow each other under one ISID. What was sent on one that was lost is known
 * to be over when the target has let the ISID in anew: here, or, as long as this portal cannot be
 * reached, through another portal of the same group. RFC 7143 6.3.5. A LOGICAL UNIT RESET through
 * another session would not do: what the target has not yet read from the lost connection comes
 * after it.
 */
import type { Clock } from "../../runtime/clock.ts";
import { Lifetime } from "./lifetime.ts";
import type { Kept } from "./way.ts";

export interface SuccessionOptions {
  readonly kept: Kept;
  /**
   * Logs in at the portal of `kept` under the ISID of another session, and out again; answers the
   * target portal group that it was in.
   */
  readonly logInAs: (isid: Uint8Array) => Promise<number | undefined>;
  readonly clock: Clock;
  /** How long a lost session counts as alive where its end cannot be brought about. */
  readonly nexusLossMs: number;
}

/** Between two tries to end a lost session through others. */
const AGAIN_MS = 1000;

export class Succession {
  readonly kept: Kept;
  /** Other sessions with the same target, which may end what is left of this one there. */
  readonly siblings: Set<Succession> = new Set();
  readonly #options: SuccessionOptions;
  #last: Lifetime | undefined;
  #isUp = false;
  #ending: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SuccessionOptions) {
    this.#options = options;
    this.kept = options.kept;
    this.kept.observers.add(this);
    // Two logins under one ISID at the same time would end each other.
    this.kept.beforeLogin = () => this.#ending ?? Promise.resolve();
    this.stateChanged();
  }

  /** The last session, whether it is lost or not. */
  get last(): Lifetime | undefined {
    return this.#last;
  }

  /** Nobody waits for anything of it any more. */
  close(): void {
    this.#isClosed = true;
    this.kept.observers.delete(this);
    this.kept.beforeLogin = undefined;
    for (const sibling of this.siblings) sibling.siblings.delete(this);
    this.#last?.markExtinct();
  }

  stateChanged(): void {
    const { session } = this.kept;
    if (session !== undefined && !this.#isUp) this.#began(session.targetPortalGroupTag);
    else if (session === undefined && this.#isUp) this.#lost();
  }

  #began(targetPortalGroupTag: number | undefined): void {
    const last = this.#last;
    if (last?.targetPortalGroupTag === targetPortalGroupTag) last?.markExtinct();
    this.#isUp = true;
    this.#last = new Lifetime(targetPortalGroupTag, () => this.#end());
    // Those whose own portals cannot be reached may need this one.
    for (const sibling of this.siblings) sibling.#end();
  }

  #lost(): void {
    const { clock, nexusLossMs } = this.#options;
    const last = this.#last!;
    this.#isUp = false;
    clock.after(nexusLossMs, () => last.markExtinct());
    this.#end();
  }

  /**
   * As long as a write that was lost with the last session may still be carried out, that session
   * is ended through others.
   */
  #end(): void {
    if (this.#isUp || this.#ending !== undefined || this.#isClosed) return;
    if (this.#last?.isDoubted !== true) return;
    const candidates = [...this.siblings].filter((each) => this.#mayEndThrough(each));
    if (candidates.length === 0) return;
    this.#ending = this.#endThrough(candidates).finally(() => {
      this.#ending = undefined;
      if (this.#last?.isDoubted) this.#options.clock.after(AGAIN_MS, () => this.#end());
    });
  }

  #mayEndThrough({ kept }: Succession): boolean {
    const { session } = kept;
    return session?.targetPortalGroupTag === this.#last?.targetPortalGroupTag &&
      session !== undefined;
  }

  async #endThrough(candidates: readonly Succession[]): Promise<void> {
    for (const sibling of candidates) {
      const last = this.#last!;
      if (this.#isUp || !last.isDoubted) return;
      try {
        const tag = await sibling.#options.logInAs(this.kept.isid);
        if (tag === last.targetPortalGroupTag) last.markExtinct();
      } catch (error) {
        // This portal does not let us in: the next one may, or our own.
        if (!(error instanceof Error)) throw error;
      }
    }
  }
}
