/**
 * The iSCSI node of a target server: its targets, its portals and the sessions with all of them.
 * RFC 7143 4.2. One instance stands behind every connection.
 */
import { ChallengeIssuer } from "../iscsi/chap/challenge.ts";
import { normaliseName } from "../iscsi/name.ts";
import type { LoginStatus } from "../iscsi/pdu/login_response.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { RationedLogger } from "../runtime/rationed_logger.ts";
import type { Random } from "../runtime/random.ts";
import { NO_WITNESS, type Witness } from "../net/witness.ts";
import { type AuthenticationPolicy, NO_AUTHENTICATION } from "./authentication.ts";
import { type EndOptions, endSessions } from "./end_sessions.ts";
import type { Endpoint } from "./endpoint.ts";
import type { OctetCount } from "./octet_count.ts";
import type { Limits } from "./limits.ts";
import type { LoginRefusal } from "./login_refusal.ts";
import { type Portal, portalAt, portalGroupTagAt } from "./portal.ts";
import { SessionRegistry } from "./session_registry.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

export interface TargetNodeOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** What tells by which host and adapter an initiator comes; without one nothing does. */
  readonly witness?: Witness;
  /** What an initiator must prove before it may discover targets. */
  readonly discoveryAuthentication?: AuthenticationPolicy;
}

/** How a login ended; text that came from the peer is as it came. */
export interface LoginEvent {
  /** Undefined where the initiator did not come to say it. */
  readonly initiatorName: string | undefined;
  /** As asked for; undefined for discovery. */
  readonly targetName: string | undefined;
  readonly remoteAddress: string;
  readonly status: LoginStatus;
  /** Why it was refused; empty for a success. */
  readonly reason: string;
  /** Of which sort that is; `no-proof`: it did not even offer the proof that is required. */
  readonly why: LoginRefusal["why"] | undefined;
  /** The entry of the target's access list that let it in. */
  readonly rule: string | undefined;
}

/** A session is over. */
export interface SessionEnd {
  readonly session: Session;
  /** Where its leading connection came from. */
  readonly remoteAddress: string;
  readonly reason: string;
}

/** Since the node began. */
export interface NodeCounters {
  loginsAccepted: number;
  loginsRefused: number;
}

/** Lines about connections that have not logged in: whoever reaches the portal can cause them. */
const STRANGERS = { burst: 100, perSecond: 10 } as const;

export class TargetNode {
  /** Those that are set anew hold for the sessions that begin from then on. */
  limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For what is not known to come from somebody who may log in. */
  readonly strangerLogger: Logger;
  readonly witness: Witness;
  discoveryAuthentication: AuthenticationPolicy;
  /** Makes the challenges of all logins, so that none of them is answered for another. */
  readonly challenges: ChallengeIssuer;
  readonly portals = new Set<Portal>();
  readonly sessions: SessionRegistry;
  readonly counters: NodeCounters = { loginsAccepted: 0, loginsRefused: 0 };
  /** What connections have taken in and the media have not. */
  readonly pendingWrites: OctetCount = { octets: 0 };
  /** What long commands collect before they are carried out. */
  readonly collected: OctetCount = { octets: 0 };
  /** Called at the end of every login. */
  onLogin: ((event: LoginEvent) => void) | undefined;
  /** Called when nothing of a session runs any more. */
  onSessionEnd: ((end: SessionEnd) => void) | undefined;
  readonly #targets = new Map<string, Target>();

  constructor(options: TargetNodeOptions) {
    this.limits = options.limits;
    this.clock = options.clock;
    this.random = options.random;
    this.logger = options.logger;
    this.strangerLogger = new RationedLogger(options.logger, options.clock, STRANGERS);
    this.witness = options.witness ?? NO_WITNESS;
    this.discoveryAuthentication = options.discoveryAuthentication ?? NO_AUTHENTICATION;
    this.challenges = new ChallengeIssuer(options.random);
    this.sessions = new SessionRegistry(options.random);
  }

  /** By their normalised names, in the order in which they came. */
  get targets(): ReadonlyMap<string, Target> {
    return this.#targets;
  }

  /** The target of this normalised name. */
  findTarget(name: string): Target | undefined {
    return this.#targets.get(name);
  }

  addTarget(target: Target): void {
    if (normaliseName(target.name) !== target.name) {
      throw new RangeError(`target name ${target.name} is not normalised`);
    }
    if (this.#targets.has(target.name)) {
      throw new RangeError(`target ${target.name} exists already`);
    }
    this.#targets.set(target.name, target);
  }

  /** Takes a target away; resolves when its sessions have ended, which they are asked to first. */
  async removeTarget(
    target: Target,
    { waitMs = 0, reason = "the target was removed" }: Partial<EndOptions> = {},
  ): Promise<void> {
    if (this.#targets.get(target.name) === target) this.#targets.delete(target.name);
    await endSessions(this, target.sessions, { waitMs, reason });
  }

  /** The portal that a connection came over. */
  portalAt(localAddress: string, localPort: number): Portal | undefined {
    return portalAt(this.portals, localAddress, localPort);
  }

  /** The group of the portal that a connection came over. */
  portalGroupTagOf(localAddress: string, localPort: number): number {
    return portalGroupTagAt(this.portals, localAddress, localPort);
  }

  /** Whether the portal that took a connection is gone, or is in another group now. */
  hasStrayed({ localAddress, localPort, portalGroupTag }: Endpoint): boolean {
    if (this.portals.size === 0) return false;
    return this.portalAt(localAddress, localPort)?.portalGroupTag !== portalGroupTag;
  }

  /** The end of a login: counted and told to `onLogin`. */
  noteLogin(event: LoginEvent): void {
    if (event.reason === "") this.counters.loginsAccepted++;
    else this.counters.loginsRefused++;
    this.onLogin?.(event);
  }

  /** The end of a session: the registry forgets it, and `onSessionEnd` is told. */
  noteSessionEnd(end: SessionEnd): void {
    this.sessions.delete(end.session);
    this.onSessionEnd?.(end);
  }
}
