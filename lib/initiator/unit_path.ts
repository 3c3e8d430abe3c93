/**
 * The path to a logical unit: through one session, which may be lost and come back. What is asked
 * meanwhile waits. Before anything of it goes on, the unit has to show that it is the one it was:
 * a LUN may have been given to another disk.
 */
import { Backoff } from "../runtime/backoff.ts";
import type { ReceivedSense } from "../scsi/sense_data.ts";
import { CacheTrust } from "./cache_trust.ts";
import { CommandFailure, type CommandRequest, type CommandResult } from "./command.ts";
import type { KeptSession } from "./kept_session.ts";
import type { Session } from "./session.ts";
import { pause } from "../runtime/pause.ts";
import type { UnitRoute, UnitRouteObserver } from "./unit_route.ts";
import { judge, meaningOf } from "./status_policy.ts";
import { UnitCheck } from "./unit_check.ts";
import { UnitError } from "./unit_error.ts";
import type { UnitFacts } from "./unit_facts.ts";

export interface UnitPathOptions {
  /**
   * What is under way when the session is lost is carried out again when it is back (the default);
   * else it fails at once, for another path to take it.
   */
  readonly replays?: boolean;
  /** How long what is asked waits for a path that is gone. */
  readonly patienceMs?: number;
  /** Who the unit has to be; else whoever it is when it is first reached. */
  readonly identity?: string;
}

export type UnitPathState =
  /** It is being reached, or has to show again who it is. */
  | "checking"
  | "usable"
  /** The session is gone; it is tried for. */
  | "suspended"
  /** Another unit answers there: nothing is sent to it. */
  | "quarantined"
  /** It cannot be reached; what is asked fails at once. */
  | "offline"
  | "closed";

export interface UnitPathObserver extends UnitRouteObserver {
  stateChanged?(): void;
  /** A unit attention of which nothing here is made. */
  attention?(sense: ReceivedSense): void;
}

interface Waiting {
  readonly request: CommandRequest;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (error: Error) => void;
  tries: number;
}

const PATIENCE_MS = 120_000;
/** A unit that is not there, or not ready, is asked again after so long. */
const LOOK_AGAIN_MS = 10_000;
/** Tries of a command that ends in what should be over. */
const MOST_TRIES = 8;
/** The same where each try may take its time. */
const MOST_FAILURES = 2;
/** Sessions that a command may be lost with: one that kills them all is not tried for ever. */
const MOST_LOSSES = 16;
/** A unit that says BUSY, or that it is getting ready, is given so long. */
const BUSY_MS = 60_000;
/** Times that a unit may be restarted while it is looked at. */
const MOST_LOOKS = 4;
const FIRST_PAUSE_MS = 10;
const MOST_PAUSE_MS = 1000;

export class UnitPath implements UnitRoute {
  readonly lun: number;
  readonly observers: Set<UnitPathObserver> = new Set();
  /** Why it is not usable. */
  lastError: Error | undefined;
  readonly #kept: KeptSession;
  readonly #options: UnitPathOptions;
  #state: UnitPathState = "suspended";
  #session: Session | undefined;
  #facts: UnitFacts | undefined;
  #waiting: Waiting[] = [];
  #callOff: (() => void) | undefined;
  /** The check under way; a later one takes its place. */
  #check: UnitCheck | undefined;
  readonly #cache = new CacheTrust();

  constructor(kept: KeptSession, lun: number, options: UnitPathOptions) {
    this.#kept = kept;
    this.lun = lun;
    this.#options = options;
    this.#suspend();
  }

  get state(): UnitPathState {
    return this.#state;
  }

  /** What the unit is; undefined before it was first reached. */
  get facts(): UnitFacts | undefined {
    return this.#facts;
  }

  get kept(): KeptSession {
    return this.#kept;
  }

  /** `LUN 0 of iqn.… at 192.0.2.1:3260`. */
  get where(): string {
    return `LUN ${this.lun} of ${this.#kept.where}`;
  }

  /** Resolves with the facts once it is usable; fails where it will not be. */
  ready(): Promise<UnitFacts> {
    if (this.#state === "usable") return Promise.resolve(this.#facts!);
    if (this.#isRefusing) return Promise.reject(this.#refusal());
    return new Promise((resolve, reject) => {
      const observer: UnitPathObserver = {
        stateChanged: () => {
          if (this.#state === "usable") resolve(this.#facts!);
          else if (this.#isRefusing) reject(this.#refusal());
          else return;
          this.observers.delete(observer);
        },
      };
      this.observers.add(observer);
    });
  }

  /**
   * Has the unit carry a command out. What may pass is tried again here; the result is GOOD, or a
   * status for good. Fails with CommandFailure or UnitError where there is none.
   */
  execute(request: CommandRequest): Promise<CommandResult> {
    if (this.#state !== "usable") return this.#wait(request, 0);
    return this.#session!.execute(this.lun, request).then(
      (result) => result.status === 0 ? result : this.#judge(request, result, 0),
      (error) => this.#failed(request, error, 0),
    );
  }

  #retry(request: CommandRequest, tries: number): Promise<CommandResult> {
    if (this.#state !== "usable") return this.#wait(request, tries);
    return this.#session!.execute(this.lun, request).then(
      (result) => this.#judge(request, result, tries),
      (error) => this.#failed(request, error, tries),
    );
  }

  async #judge(
    request: CommandRequest,
    result: CommandResult,
    tries: number,
  ): Promise<CommandResult> {
    const { sense } = result;
    if (sense?.deferred) this.#tell((observer) => observer.deferredError?.(sense));
    switch (judge(result)) {
      case "again":
        return tries < MOST_TRIES ? await this.#retry(request, tries + 1) : result;
      case "later":
        return await this.#later(request, result);
      default:
        return result;
    }
  }

  /** The unit is busy: the same again after longer and longer pauses, for a while. */
  async #later(request: CommandRequest, first: CommandResult): Promise<CommandResult> {
    const { clock, random } = this.#kept.node;
    const backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, mostMs: MOST_PAUSE_MS }, random);
    const untilMs = clock.nowMs() + BUSY_MS;
    let result = first;
    while (judge(result) === "later" && clock.nowMs() < untilMs) {
      await pause(clock, backoff.next());
      const session = this.#session;
      if (this.#state !== "usable" || session === undefined) return await this.#wait(request, 0);
      try {
        result = await session.execute(this.lun, request);
      } catch (error) {
        return await this.#failed(request, error, 0);
      }
    }
    return judge(result) === "later" ? result : await this.#judge(request, result, 1);
  }

  #failed(request: CommandRequest, error: unknown, tries: number): Promise<CommandResult> {
    const isLost = error instanceof CommandFailure &&
      (error.kind === "session-lost" || error.kind === "not-sent");
    if (isLost && this.#replays && tries < MOST_LOSSES) {
      return this.#wait(request, error.kind === "session-lost" ? tries + 1 : tries);
    }
    const isEnded = error instanceof CommandFailure &&
      (error.kind === "timed-out" || error.kind === "incomplete");
    if (isEnded && this.#replays && tries < MOST_FAILURES) return this.#retry(request, tries + 1);
    return Promise.reject(error);
  }

  get #replays(): boolean {
    return this.#options.replays ?? true;
  }

  get #isRefusing(): boolean {
    return this.#state === "quarantined" || this.#state === "offline" || this.#state === "closed";
  }

  #refusal(): UnitError {
    const { lastError, where } = this;
    const kind = lastError instanceof UnitError ? lastError.reason : "offline";
    const reason = lastError?.message ?? this.#state;
    return new UnitError(kind, `${where}: ${reason}`, { cause: lastError });
  }

  /** Keeps a request until the unit can be asked again. */
  #wait(request: CommandRequest, tries: number): Promise<CommandResult> {
    if (this.#isRefusing) return Promise.reject(this.#refusal());
    if (!this.#replays && this.#state === "suspended") {
      const reason = `${this.where}: the session is lost`;
      return Promise.reject(new CommandFailure("not-sent", reason));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject, tries });
    });
  }

  /** Ends every command of the unit, of all initiators. SAM-5 7.7. */
  async reset(): Promise<number> {
    const session = this.#session;
    if (session === undefined) throw new CommandFailure("not-sent", `${this.where}: no session`);
    return await session.resetUnit(this.lun);
  }

  /** There is a session. */
  sessionBegan(session: Session): void {
    if (this.#state === "closed") return;
    this.#session = session;
    this.#cache.sessionBegan();
    this.#startCheck();
  }

  /** The session is gone, and has handed everything back. */
  sessionLost(): void {
    this.#session = undefined;
    this.#check = undefined;
    if (this.#state !== "closed") this.#suspend();
  }

  /** Nothing more is sent until the session has been begun anew. */
  hold(): void {
    if (this.#state === "usable" || this.#state === "checking") this.#suspend();
  }

  /** The session is given up. */
  offline(error: Error): void {
    if (this.#state === "closed") return;
    this.lastError = error;
    this.#enter("offline");
    this.#refuseWaiting();
  }

  close(): void {
    this.#check = undefined;
    this.#callOff?.();
    this.#enter("closed");
    this.#refuseWaiting();
  }

  /** A unit attention of the unit. */
  heard(sense: ReceivedSense): void {
    this.#cache.heard(sense);
    // While it is being checked, the check hears of it too.
    if (this.#check !== undefined) return this.#check.heard(sense);
    if (meaningOf(sense).change !== "nothing") return this.recheck();
    this.#tell((observer) => observer.attention?.(sense));
  }

  /** Has the unit show again what it is, where it can be asked. */
  recheck(): void {
    if (this.#state === "usable" || this.#state === "quarantined") this.#startCheck();
  }

  #suspend(): void {
    this.#enter("suspended");
    if (!this.#replays) this.#handBack();
    this.#callOff?.();
    const { patienceMs = PATIENCE_MS } = this.#options;
    this.#callOff = this.#kept.node.clock.after(patienceMs, () => {
      if (this.#state !== "suspended") return;
      const reason = this.#kept.lastError?.message ?? "no session";
      this.offline(new Error(`not reached for ${patienceMs / 1000} s (${reason})`));
    });
  }

  /** Asks the unit who and what it is, and goes on if it is the one it was. */
  async #startCheck(): Promise<void> {
    const session = this.#session!;
    const check = new UnitCheck(session, this.lun);
    this.#check = check;
    this.#enter("checking");
    try {
      const facts = await check.run();
      if (this.#check !== check || !this.#isSameUnit(facts)) return;
      for (let looks = 0; this.#cache.isDoubtful; looks++) {
        if (looks === MOST_LOOKS) throw new UnitError("refused", "it is restarted all the time");
        await this.#lookAtCache(check);
        if (this.#check !== check) return;
      }
      this.#cache.vouch();
      this.#check = undefined;
      this.#checked(facts);
    } catch (error) {
      if (this.#check !== check) return;
      this.#check = undefined;
      if (error instanceof UnitError) this.#quarantine(error);
      // The session was lost: its end will be told.
      else if (!(error instanceof CommandFailure)) throw error;
      else session.fail(`${this.where} cannot be checked: ${error.message}`);
    }
  }

  /** Another unit than before is kept away from. */
  #isSameUnit({ names, identity }: UnitFacts): boolean {
    const expected = this.#facts?.identity ?? this.#options.identity;
    if (expected === undefined || names.includes(expected)) return true;
    this.#check = undefined;
    const found = identity ?? "nothing that names itself";
    this.#quarantine(new UnitError("foreign", `it was ${expected} and is now ${found}`));
    return false;
  }

  async #lookAtCache(check: UnitCheck): Promise<void> {
    this.#cache.beginLook();
    for (const observer of [...this.observers]) {
      await observer.cacheSuspected?.((request) => check.ask(request));
    }
    if (this.#check === check) this.#cache.endLook();
  }

  #checked(facts: UnitFacts): void {
    const before = this.#facts;
    this.#facts = {
      ...facts,
      identity: before?.identity ?? this.#options.identity ?? facts.identity,
    };
    if (before !== undefined && differ(before, this.#facts)) {
      this.#tell((observer) => observer.factsChanged?.(before));
    }
    this.lastError = undefined;
    this.#callOff?.();
    this.#enter("usable");
    this.#goOn();
  }

  /** Nothing is sent to it; one that is only not there may come, though, and is looked for. */
  #quarantine(error: UnitError): void {
    const { logger, clock } = this.#kept.node;
    if (this.lastError?.message !== error.message) {
      logger.error("unit quarantined", { unit: this.where, reason: error.message });
    }
    this.lastError = error;
    this.#enter("quarantined");
    this.#refuseWaiting();
    if (error.reason === "foreign") return;
    this.#callOff?.();
    this.#callOff = clock.after(LOOK_AGAIN_MS, () => {
      if (this.#state === "quarantined" && this.#session !== undefined) this.#startCheck();
    });
  }

  /** What waited goes on, in its order. */
  #goOn(): void {
    for (const { request, resolve, reject, tries } of this.#waiting.splice(0)) {
      this.#retry(request, tries).then(resolve, reject);
    }
  }

  /** What waited to be asked here may be asked elsewhere. */
  #handBack(): void {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new CommandFailure("not-sent", `${this.where}: the session is lost`));
    }
  }

  #refuseWaiting(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(this.#refusal());
  }

  #enter(state: UnitPathState): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#tell((observer) => observer.stateChanged?.());
  }

  #tell(say: (observer: UnitPathObserver) => void): void {
    for (const observer of [...this.observers]) say(observer);
  }
}

function differ(a: UnitFacts, b: UnitFacts): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
