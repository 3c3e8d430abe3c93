/**
 * A session that is kept: when it is lost, it is begun anew under the same ISID, by which the
 * target ends whatever the old one had under way (session reinstatement, RFC 7143 6.3.5). Only
 * then do its units go on, so that no write of the old session can come after one of the new.
 */
import { Backoff } from "../runtime/backoff.ts";
import type { ReceivedSense } from "../scsi/sense_data.ts";
import { hostAndPort, type PortalAddress } from "../iscsi/portal_address.ts";
import { CommandFailure } from "./command.ts";
import { type ConnectionPlan, FurtherConnections } from "./further_connections.ts";
import { logIn, type LogInOptions } from "./log_in.ts";
import { LoginBroken, LoginRefused } from "./login_error.ts";
import type { InitiatorNode } from "./node.ts";
import type { Session, SessionEnd } from "./session.ts";
import { meaningOf } from "./status_policy.ts";
import { UnitPath, type UnitPathOptions } from "./unit_path.ts";

export interface KeepOptions extends LogInOptions {
  readonly targetName: string;
  /** How long a session that cannot be had is tried for. Infinity: until it is closed. */
  readonly patienceMs?: number;
  /** The same for the first one; 0: one try must do. */
  readonly firstPatienceMs?: number;
}

export type KeptState =
  | "connecting"
  | "logged-in"
  /** Lost; it is being tried for. */
  | "recovering"
  /** Given up, until somebody asks for another try. */
  | "offline"
  | "closed";

/** Whoever wants to know. */
export interface KeptSessionObserver {
  stateChanged?(state: KeptState, reason: string): void;
  /** A try to log in has come to nothing. */
  loginFailed?(error: Error): void;
  /** The target has other logical units than before. */
  lunsChanged?(): void;
  /** The session has more connections than before, or fewer. */
  connectionsChanged?(): void;
}

const PATIENCE_MS = 120_000;
const FIRST_PAUSE_MS = 200;
const MOST_PAUSE_MS = 10_000;
/**
 * A session that lasted less counts as another failed try: so a flapping path is tried less often.
 */
const STEADY_MS = 10_000;
/** Of the time that the target gives us for a logout, what is left to the commands under way. */
const DRAIN_SHARE = 0.5;

export class KeptSession {
  readonly node: InitiatorNode;
  readonly options: KeepOptions;
  readonly isid: Uint8Array;
  readonly observers: Set<KeptSessionObserver> = new Set();
  readonly units: Map<number, UnitPath> = new Map();
  /** What every login waits for. */
  beforeLogin: (() => Promise<void>) | undefined;
  /** Why there is no session. */
  lastError: Error | undefined;
  /** Of the last session nothing is left at the target, as that says. */
  hasLeft = false;
  /** Sessions that were begun. */
  sessionCount = 0;
  #portal: PortalAddress;
  #state: KeptState = "connecting";
  #session: Session | undefined;
  #wakeUp: (() => void) | undefined;
  /** The target is left alone. RFC 7143 13.15. */
  #isWaiting = false;
  readonly #backoff: Backoff;
  readonly #further: FurtherConnections;
  #awaiting = Promise.withResolvers<Session>();
  #life: Promise<void> | undefined;
  #lostMs: number;

  constructor(node: InitiatorNode, options: KeepOptions) {
    this.node = node;
    this.options = options;
    this.isid = options.isid ?? node.makeIsid();
    this.#portal = options.portal;
    this.#further = new FurtherConnections(this, options.connections ?? 1, () => {
      for (const observer of this.observers) observer.connectionsChanged?.();
    });
    this.#backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, mostMs: MOST_PAUSE_MS }, node.random);
    this.#awaiting.promise.catch(() => undefined);
    this.#lostMs = node.clock.nowMs();
  }

  get state(): KeptState {
    return this.#state;
  }

  /** The session as it is now; undefined without one. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Where it is logged in to, or tried for. */
  get portal(): PortalAddress {
    return this.#portal;
  }

  /** `iqn.… at 192.0.2.1:3260`. */
  get where(): string {
    const { host, port } = this.#portal;
    return `${this.options.targetName} at ${hostAndPort(host, port)}`;
  }

  /** Begins; resolves with the first session, or fails with why there is none. */
  start(): Promise<Session> {
    this.#life ??= this.#live();
    return this.#awaiting.promise;
  }

  /** Resolves with the session once there is one; fails when it is given up. */
  ready(): Promise<Session> {
    return this.#session === undefined ? this.#awaiting.promise : Promise.resolve(this.#session);
  }

  /** The path to a logical unit. */
  unit(lun: number, options: UnitPathOptions = {}): UnitPath {
    const known = this.units.get(lun);
    if (known !== undefined) return known;
    const unit = new UnitPath(this, lun, options);
    this.units.set(lun, unit);
    if (this.#session !== undefined) unit.sessionBegan(this.#session);
    return unit;
  }

  /** Adds a connection to the session, which every later one has as well; answers its CID. */
  addConnection(plan: ConnectionPlan): Promise<number> {
    return this.#further.add(this.#connected(), plan);
  }

  /** Logs out of a connection that is not the leading one. */
  removeConnection(cid: number): Promise<void> {
    return this.#further.remove(this.#connected(), cid);
  }

  #connected(): Session {
    if (this.#session !== undefined) return this.#session;
    const reason = this.lastError?.message ?? "it is being opened";
    throw new CommandFailure("not-sent", `${this.where}: there is no session: ${reason}`);
  }

  /** It is worth a try now, or again; not before a target that wants to be left alone is. */
  retry(): void {
    if (!this.#isWaiting) this.#wakeUp?.();
  }

  /** Logs out and stops. What its units have under way fails. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    const session = this.#session;
    this.#enter("closed", "closed");
    for (const unit of this.units.values()) unit.close();
    this.#wakeUp?.();
    this.#awaiting.reject(new Error(`${this.where}: closed`));
    await session?.logout();
    await this.#life;
  }

  async #live(): Promise<void> {
    while (this.#state !== "closed") {
      const session = await this.#begin();
      if (session === undefined) continue;
      const beganMs = this.node.clock.nowMs();
      const end = await session.ended;
      this.hasLeft = end.isOrderly;
      this.#lost(end);
      if (this.node.clock.nowMs() - beganMs >= STEADY_MS) this.#backoff.reset();
      else if (this.#isOpen) await this.#pause(this.#backoff.next());
      this.#isWaiting = true;
      if (this.#isOpen && end.time2WaitMs > 0) await this.#pause(end.time2WaitMs);
      this.#isWaiting = false;
    }
  }

  get #isOpen(): boolean {
    return this.#state !== "closed";
  }

  /** One try; undefined where it came to nothing, and the next one is due. */
  async #begin(): Promise<Session | undefined> {
    let session: Session;
    try {
      await this.beforeLogin?.();
      const outcome = await logIn(this.node, {
        ...this.options,
        connections: 1,
        portal: this.#portal,
        isid: this.isid,
      });
      session = outcome.session;
      this.#portal = outcome.movedTo ?? this.#portal;
      const mustDo = this.sessionCount === 0 && this.options.firstPatienceMs === 0;
      await this.#further.begin(session, { mustDo });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      await this.#failed(error);
      return undefined;
    }
    if (!this.#isOpen) {
      await session.logout();
      return undefined;
    }
    this.#began(session);
    return session;
  }

  #began(session: Session): void {
    this.#session = session;
    this.hasLeft = false;
    this.sessionCount++;
    this.lastError = undefined;
    session.listener = {
      attention: (lun, sense) => this.#heard(lun, sense),
      logoutRequested: (seconds) => this.#leave(session, seconds),
    };
    this.#enter("logged-in", "");
    this.#awaiting.resolve(session);
    for (const unit of this.units.values()) unit.sessionBegan(session);
  }

  #lost(end: SessionEnd): void {
    this.#session = undefined;
    this.#lostMs = this.node.clock.nowMs();
    if (!this.#isOpen) return;
    this.lastError = new Error(end.reason);
    this.#awaiting = Promise.withResolvers();
    this.#awaiting.promise.catch(() => undefined);
    this.node.logger.warn("session lost", { target: this.where, reason: end.reason });
    this.#enter("recovering", end.reason);
    for (const unit of this.units.values()) unit.sessionLost();
  }

  /** What may pass by itself is tried again, for as long as our patience lasts. */
  async #failed(error: Error): Promise<void> {
    if (!this.#isOpen) return;
    this.lastError = error;
    for (const observer of this.observers) observer.loginFailed?.(error);
    const { patienceMs = PATIENCE_MS, firstPatienceMs = patienceMs } = this.options;
    const mostMs = this.sessionCount === 0 ? firstPatienceMs : patienceMs;
    const isOver = this.node.clock.nowMs() - this.#lostMs >= mostMs;
    if (isWorthAnotherTry(error) && !isOver) {
      this.node.logger.info("login failed", { target: this.where, reason: error.message });
      return await this.#pause(this.#backoff.next());
    }
    this.node.logger.error("login given up", { target: this.where, reason: error.message });
    this.#enter("offline", error.message);
    for (const unit of this.units.values()) unit.offline(error);
    this.#awaiting.reject(error);
    this.#awaiting = Promise.withResolvers();
    this.#awaiting.promise.catch(() => undefined);
    await this.#asked();
    this.#lostMs = this.node.clock.nowMs();
    this.#backoff.reset();
    if (this.#isOpen) this.#enter("recovering", "tried again");
  }

  /** Ends early when somebody asks for a try. */
  #pause(ms: number): Promise<void> {
    return new Promise((then) => {
      const callOff = this.node.clock.after(ms, then);
      this.#wakeUp = () => {
        callOff();
        then();
      };
    });
  }

  #asked(): Promise<void> {
    return new Promise((then) => this.#wakeUp = then);
  }

  #heard(lun: number, sense: ReceivedSense): void {
    if (meaningOf(sense).change === "luns") {
      for (const observer of this.observers) observer.lunsChanged?.();
    }
    this.units.get(lun)?.heard(sense);
  }

  /** RFC 7143 11.9.1, event 1: what runs may end, then we go; and come back as ever. */
  async #leave(session: Session, seconds: number): Promise<void> {
    this.#enter("recovering", "the target asks for a logout");
    for (const unit of this.units.values()) unit.hold();
    await session.idle(seconds * 1000 * DRAIN_SHARE);
    await session.logout();
  }

  #enter(state: KeptState, reason: string): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    for (const observer of this.observers) observer.stateChanged?.(state, reason);
  }
}

/**
 * Neither a refusal that people have to deal with, nor a target that does not keep to the rules,
 * passes by itself.
 */
function isWorthAnotherTry(error: Error): boolean {
  const isOfLogin = error instanceof LoginRefused || error instanceof LoginBroken;
  return !isOfLogin || error.isTransient;
}
