/**
 * The one interface through which every command of the initiator works. The running service
 * implements it on its sessions, the declared state as far as it goes where no service runs, and
 * the client carries it over HTTP. Every operation is done wholly or not at all, and fails with a
 * ControlError that names the object, the cause and the next step.
 */
import type { Changed } from "../config/facts.ts";
import type { EventsPage, EventsQuery } from "../events/read_events.ts";
import type {
  AttachWay,
  BindFacts,
  ConnectionFacts,
  DiscoveryPortalFacts,
  InitiatorDeviceFacts,
  InitiatorFacts,
  InitiatorSessionFacts,
  IsnsServerFacts,
  KnownTargetFacts,
  LoginFacts,
  LogoutFacts,
  PersistentLoginFacts,
  PingFacts,
  PolicyName,
  PortalFacts,
} from "./facts.ts";

export type * from "./facts.ts";
export type { Changed, EventsPage, EventsQuery };

/** By what somebody proves to be who. */
export interface ChapAccount {
  readonly user: string;
  readonly secret: string;
}

/** By what a target proves to be who; without a user, whoever knows the secret. */
export interface ExpectedAccount {
  readonly user?: string | undefined;
  readonly secret: string;
}

/** How logins prove who is who. */
export interface NewAuthentication {
  /** Who we are. */
  readonly chap?: ChapAccount | undefined;
  /** Who the target must prove to be: mutual CHAP, with `chap` alone. */
  readonly targetChap?: ExpectedAccount | undefined;
  /** The same by the initiator's own secret for that. */
  readonly mutual?: boolean | undefined;
}

export interface Digests {
  /** True: CRC32C or no login. */
  readonly headerDigest?: boolean | undefined;
  readonly dataDigest?: boolean | undefined;
}

export interface NewDiscoveryPortal extends PortalFacts, NewAuthentication, Digests {}

/** A target that no portal is asked about, and how it is logged in to where no login says. */
export interface NewStaticTarget extends NewAuthentication, Digests {
  readonly iqn: string;
  readonly portals: readonly PortalFacts[];
  readonly alias?: string | undefined;
  /** It is listed only when discovery finds it too. */
  readonly hidden?: boolean | undefined;
  /** False: it is forgotten when the service ends, unless it was known for good before. */
  readonly persist?: boolean | undefined;
  /** What is known of it already stays, and this is added. */
  readonly merge?: boolean | undefined;
}

/** One more connection of a session; what is not said is as with the session. */
export interface NewConnection extends NewAuthentication, Digests {
  /** Of the same portal group as the session's. */
  readonly portal?: PortalFacts | undefined;
  readonly sourceAddress?: string | undefined;
}

export interface NewPath {
  readonly portal: PortalFacts;
  /** The address of ours that the session comes from; the machine chooses without. */
  readonly sourceAddress?: string | undefined;
}

export interface NewLogin extends NewAuthentication, Digests {
  /** The target's iSCSI name. */
  readonly target: string;
  /**
   * Where to log in. Without any: at the target's first known portal that answers, or, with
   * `multipath`, at all of them.
   */
  readonly paths?: readonly NewPath[] | undefined;
  /** A session for each path; to a target that is logged in to already, paths are added. */
  readonly multipath?: boolean | undefined;
  /** Logs in again whenever the service begins. */
  readonly persistent?: boolean | undefined;
  /** Only records the login for the service's next beginning; `persistent` is understood. */
  readonly recordOnly?: boolean | undefined;
  /** Connections of each session. RFC 7143 13.2. */
  readonly connections?: number | undefined;
  /** How many there may be, where that is to be less than both sides can. */
  readonly maxConnections?: number | undefined;
  /** RFC 7143 13.15, 13.16, in seconds. */
  readonly defaultTime2Wait?: number | undefined;
  readonly defaultTime2Retain?: number | undefined;
  /** For questions alone: its LUNs are no devices. */
  readonly informational?: boolean | undefined;
  /** The policy of its devices; fail-over-only without. */
  readonly policy?: PolicyName | undefined;
}

/** Which sessions: those of a target, or one. */
export interface LogoutChoice {
  readonly target?: string | undefined;
  readonly session?: string | undefined;
  /** Also what is attached: whoever uses it loses it. */
  readonly force?: boolean | undefined;
}

/** Of a persistent login: the whole of it, or one of its paths. */
export interface PersistentChoice {
  readonly target: string;
  readonly portal?: PortalFacts | undefined;
}

export interface AttachOptions {
  readonly readOnly?: boolean | undefined;
  /** The best that this machine gives, without. */
  readonly way?: AttachWay | undefined;
}

export interface PolicyOptions {
  /** The paths of the subset, by name or session; the others stand by. */
  readonly subset?: readonly string[] | undefined;
  /** Weights of paths, by name or session. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  /** The path that is used first, by name or session. */
  readonly preferred?: string | undefined;
}

/** Whether an iSCSI portal answers, and how fast. */
export interface PingOptions {
  /** Four without. */
  readonly count?: number | undefined;
  /** Octets that go there and back; 32 without. */
  readonly size?: number | undefined;
  /** A second without. */
  readonly timeoutMs?: number | undefined;
}

/** A SCSI command that changes nothing, to a LUN of a session. */
export type ScsiQuestion =
  | { readonly kind: "inquiry"; readonly lun: number; readonly page?: number | undefined }
  | { readonly kind: "read-capacity"; readonly lun: number }
  | { readonly kind: "report-luns" };

export interface ScsiAnswer {
  readonly status: number;
  /** Data that came, in hexadecimal digits. */
  readonly data: string;
  /** Sense data, in hexadecimal digits; null: none came. */
  readonly sense: string | null;
}

export interface InitiatorControl {
  show(): Promise<InitiatorFacts>;
  /** Takes effect with the next login. */
  setName(name: string): Promise<Changed<InitiatorFacts>>;
  /** By which targets prove themselves where a login says no other; none without. */
  setMutualSecret(secret?: string): Promise<Changed<InitiatorFacts>>;

  listPortals(): Promise<readonly DiscoveryPortalFacts[]>;
  /** Adds a portal, and asks it, where the service runs. */
  addPortal(portal: NewDiscoveryPortal): Promise<Changed<DiscoveryPortalFacts>>;
  removePortal(portal: PortalFacts): Promise<Changed<PortalFacts>>;
  /** Asks one portal, or all. */
  refreshPortals(portal?: PortalFacts): Promise<readonly DiscoveryPortalFacts[]>;
  /** Name servers that are asked for targets, and tell of changes. */
  listIsnsServers(): Promise<readonly IsnsServerFacts[]>;
  addIsnsServer(server: PortalFacts): Promise<Changed<IsnsServerFacts>>;
  removeIsnsServer(server: PortalFacts): Promise<Changed<PortalFacts>>;
  /** Asks one, which fails where it cannot be used, or all. */
  refreshIsnsServers(server?: PortalFacts): Promise<readonly IsnsServerFacts[]>;
  listTargets(): Promise<readonly KnownTargetFacts[]>;
  addTarget(target: NewStaticTarget): Promise<Changed<KnownTargetFacts>>;
  removeTarget(iqn: string): Promise<Changed<{ readonly iqn: string }>>;

  logIn(login: NewLogin): Promise<Changed<LoginFacts>>;
  logOut(choice: LogoutChoice): Promise<Changed<readonly LogoutFacts[]>>;
  sessions(): Promise<readonly InitiatorSessionFacts[]>;
  /** Adds a connection to a session, which keeps it as long as it lasts. RFC 7143 4.2.1. */
  addConnection(session: string, connection?: NewConnection): Promise<Changed<ConnectionFacts>>;
  /** Logs out of a connection, which is not the leading one. */
  removeConnection(session: string, cid: number): Promise<Changed<ConnectionFacts>>;
  listPersistent(): Promise<readonly PersistentLoginFacts[]>;
  removePersistent(choice: PersistentChoice): Promise<Changed<PersistentLoginFacts>>;

  devices(): Promise<readonly InitiatorDeviceFacts[]>;
  attach(device: string, options?: AttachOptions): Promise<Changed<InitiatorDeviceFacts>>;
  detach(device: string, options?: { readonly force?: boolean }): Promise<
    Changed<InitiatorDeviceFacts>
  >;
  setPolicy(
    device: string,
    policy: PolicyName,
    options?: PolicyOptions,
  ): Promise<Changed<InitiatorDeviceFacts>>;
  /** Binds every attached device of a persistent login, or one of them. */
  bind(device?: string): Promise<Changed<BindFacts>>;
  /** Unbinds one device, or all. */
  unbind(device?: string): Promise<Changed<BindFacts>>;

  /** Asks a portal whether it is there, with the proof that is declared of it, if any is. */
  ping(portal: PortalFacts, options?: PingOptions): Promise<PingFacts>;
  ask(session: string, question: ScsiQuestion): Promise<ScsiAnswer>;
  events(query?: EventsQuery, signal?: AbortSignal): Promise<EventsPage>;
  close(): Promise<void>;
}
