/**
 * Keeps in touch with one server: connects, has done what is to be done there, does so again now
 * and then, and with patience when the server is away.
 */
import type { PortalAddress } from "../iscsi/portal_address.ts";
import { Backoff } from "../runtime/backoff.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import { within } from "../runtime/within.ts";
import { answerInquiry } from "./inquiries.ts";
import type { IsnsLimits } from "./limits.ts";
import type { Network } from "./network.ts";
import { ServerSession } from "./server_session.ts";
import { ServerUnusable } from "./server_unusable.ts";

/** What the outside gives a link. */
export interface LinkSurroundings {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: IsnsLimits;
}

/** What is to be done at the server. Each step fails with ServerUnusable. */
export interface LinkTask {
  /** How often, as long as nothing else calls for it. */
  readonly refreshMs: number;
  /** Has it done; `isNew`: the connection has just come about. */
  tend(session: ServerSession, isNew: boolean): Promise<void>;
  /** The server need not keep anything of ours any longer. */
  leave(session: ServerSession): Promise<void>;
  /** The server asks whether we are there. */
  asked(): void;
}

export interface LinkOptions extends LinkSurroundings {
  readonly server: PortalAddress;
  readonly task: LinkTask;
  /** It has been done, or why not: told when that changes. */
  readonly onChange: (failure: ServerUnusable | undefined) => void;
}

/** Between one time and the next. */
const LEAST_GAP_MS = 200;
const FIRST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 30_000;
/** What is left to a server that we take leave of. */
const LEAVE_MS = 3_000;

export class Link {
  readonly #options: LinkOptions;
  readonly #backoff: Backoff;
  /** Whoever waits for the next try to come to an end. */
  readonly #waiting: (() => void)[] = [];
  #life: Promise<void> | undefined;
  #session: ServerSession | undefined;
  #isStopping = false;
  /** There is something to do of which what is under way does not know. */
  #isDue = false;
  /** Ends the pause that is under way. */
  #endPause: (() => void) | undefined;
  /** That pause is not for work to end. */
  #isResting = false;
  /** Undefined as long as nothing has come of it yet. */
  #failure: ServerUnusable | "none" | undefined;
  /** When a connection that the server had closed was made anew last. */
  #renewedMs = -Infinity;

  constructor(options: LinkOptions) {
    this.#options = options;
    const pauses = { firstMs: FIRST_PAUSE_MS, mostMs: MOST_PAUSE_MS };
    this.#backoff = new Backoff(pauses, options.random);
  }

  start(): void {
    this.#life ??= this.#live();
  }

  /** All is done there that was to be done. */
  get isWell(): boolean {
    return this.#failure === "none";
  }

  /** Why it is not; undefined too before the first try has ended. */
  get failure(): ServerUnusable | undefined {
    return this.#failure === "none" ? undefined : this.#failure;
  }

  /** There is something to do. */
  rouse(): void {
    this.#isDue = true;
    if (!this.#isResting) this.#endPause?.();
  }

  /** The same; resolves when it is done, or could not be. */
  poke(): Promise<void> {
    if (this.#isStopping) return Promise.resolve();
    const done = new Promise<void>((then) => this.#waiting.push(then));
    this.rouse();
    return done;
  }

  /** Takes leave of the server. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#endPause?.();
    await within(this.#options.clock, LEAVE_MS, [this.#leave()]);
    this.#session?.close();
    this.#release(this.#waiting.length);
  }

  async #leave(): Promise<void> {
    await this.#life;
    try {
      if (this.isWell) await this.#options.task.leave(await this.#open());
    } catch (error) {
      // The server forgets us by itself, in time.
      if (!(error instanceof ServerUnusable)) throw error;
    } finally {
      this.#session?.close();
    }
  }

  async #live(): Promise<void> {
    while (!this.#isStopping) {
      this.#isDue = false;
      let pauseMs: number;
      try {
        await this.#attend(await this.#open());
        pauseMs = this.#untilRenewal();
      } catch (error) {
        if (!(error instanceof ServerUnusable)) throw error;
        this.#session?.close();
        this.#came(error);
        pauseMs = this.#backoff.next();
      }
      if (!this.#isDue) await this.#pause(pauseMs);
    }
  }

  async #open(): Promise<ServerSession> {
    if (this.#session?.isClosed === false) return this.#session;
    const { server, network, clock, limits, task } = this.#options;
    const onInquiry = (message: Parameters<typeof answerInquiry>[0]) =>
      answerInquiry(message, { asked: () => task.asked(), told: () => this.rouse() });
    const session = await ServerSession.open({
      ...{ server, network, clock, limits, onInquiry },
    });
    session.ended.then(() => this.#endPause?.());
    return this.#session = session;
  }

  /** Does what is to be done, again and again, until the server closes the connection. */
  async #attend(session: ServerSession): Promise<void> {
    const { task, clock } = this.#options;
    for (let isNew = true; !this.#isStopping; isNew = false) {
      this.#isDue = false;
      const served = this.#waiting.length;
      await task.tend(session, isNew);
      this.#came("none");
      this.#backoff.reset();
      this.#release(served);
      // Strangers too can tell us that something has changed.
      const soonestMs = clock.nowMs() + LEAST_GAP_MS;
      if (!this.#isDue && !session.isClosed) await this.#pause(task.refreshMs);
      this.#isResting = true;
      if (!session.isClosed) await this.#pause(soonestMs - clock.nowMs());
      this.#isResting = false;
      if (session.isClosed) return;
    }
  }

  /**
   * A server that closes connections which say nothing for a while is met again when there is
   * something to do, and one that ended is looked for at once: so one try follows immediately.
   */
  #untilRenewal(): number {
    const { clock, task } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs - this.#renewedMs < task.refreshMs) return task.refreshMs;
    this.#renewedMs = nowMs;
    return 0;
  }

  #came(outcome: ServerUnusable | "none"): void {
    const before = this.#failure;
    this.#failure = outcome;
    const failure = outcome === "none" ? undefined : outcome;
    if (outcome !== "none") this.#release(this.#waiting.length);
    const wasWell = before === "none";
    const isNews = before === undefined || wasWell !== (outcome === "none");
    if (isNews) this.#options.onChange(failure);
  }

  /** The first so many need not wait any longer. */
  #release(count: number): void {
    for (const then of this.#waiting.splice(0, count)) then();
  }

  /** Ends early when there is something to do, or the connection or the link ends. */
  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#isStopping) return Promise.resolve();
    return new Promise((then) => {
      const end = (): void => {
        callOff();
        this.#endPause = undefined;
        then();
      };
      const callOff = this.#options.clock.after(ms, end);
      this.#endPause = end;
    });
  }
}
