/**
 * The sessions that follow each other under one ISID. What was sent on one that was lost is known
 * to be over when the target has let the ISID in anew: here, or, as long as this portal cannot be
 * reached, through another portal of the same group. RFC 7143 6.3.5. A LOGICAL UNIT RESET through
 * another session would not do: what the target has not yet read from the lost connection comes
 * after it.
 */
import type { Clock } from "../../runtime/clock.ts";
import { pause } from "../../runtime/pause.ts";
import { within } from "../../runtime/within.ts";
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
  /**
   * The target portal group of a session that nobody has logged out of: of a service that was
   * killed. Writes may have been lost with it.
   */
  readonly leftIn?: number | undefined;
}

/** Between two tries to end a lost session through others. */
const AGAIN_MS = 1000;
/** Until everybody has told of writes that were lost with a session. */
const TELLING_MS = 20;

export class Succession {
  readonly kept: Kept;
  /** Other sessions with the same target, which may end what is left of this one there. */
  readonly siblings: Set<Succession> = new Set();
  readonly #options: SuccessionOptions;
  #last: Lifetime | undefined;
  #isUp = false;
  #ending: Promise<void> | undefined;
  /** When our own login began, where one is under way. */
  #loginBeganMs: number | undefined;
  #isClosed = false;

  constructor(options: SuccessionOptions) {
    this.#options = options;
    this.kept = options.kept;
    this.kept.observers.add(this);
    this.kept.beforeLogin = () => this.#mayLogIn();
    if (options.leftIn !== undefined) this.#inherit(options.leftIn);
    this.stateChanged();
  }

  /** Two logins under one ISID at the same time would end each other. */
  async #mayLogIn(): Promise<void> {
    const { clock } = this.#options;
    if (this.#last !== undefined) await pause(clock, TELLING_MS);
    if (this.#ending !== undefined) await within(clock, AGAIN_MS, [this.#ending]);
    this.#loginBeganMs = clock.nowMs();
  }

  loginFailed(): void {
    this.#loginBeganMs = undefined;
    this.#end();
  }

  #inherit(leftIn: number): void {
    const { clock, nexusLossMs } = this.#options;
    const left = this.#last = new Lifetime(leftIn, () => undefined);
    left.doubt();
    clock.after(nexusLossMs, () => left.markExtinct());
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
    this.#loginBeganMs = undefined;
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
    if (this.#last?.isDoubted !== true || this.#isWaitingForOwn()) return;
    const candidates = [...this.siblings].filter((each) => this.#mayEndThrough(each));
    if (candidates.length === 0) return;
    this.#ending = this.#endThrough(candidates).finally(() => {
      this.#ending = undefined;
      if (this.#last?.isDoubted) this.#options.clock.after(AGAIN_MS, () => this.#end());
    });
  }

  /** Our own login does as well, unless it takes long. */
  #isWaitingForOwn(): boolean {
    const { clock } = this.#options;
    if (this.#loginBeganMs === undefined) return false;
    const leftMs = this.#loginBeganMs + AGAIN_MS - clock.nowMs();
    if (leftMs <= 0) return false;
    clock.after(leftMs, () => this.#end());
    return true;
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
