/**
 * What the initiator tells about itself: plain data, the same from the running service, from the
 * declared state and over the API, and what `--json` prints. Every key is always there; null stands
 * for "none". Sizes are octets, times are ISO 8601 in UTC. Keys may be added, never renamed or
 * removed.
 */
import type { PathState } from "../initiator/multipath/path.ts";
import type { PolicyName } from "../initiator/multipath/policies.ts";
import type { AttachWay } from "../nbd/attach/way.ts";

export type { AttachWay, PathState, PolicyName };

/** Where something listens: an address or a host name, and a port. */
export interface PortalFacts {
  readonly address: string;
  readonly port: number;
}

export interface InitiatorFacts {
  /** Its iSCSI name. */
  readonly name: string;
  readonly service: "running" | "stopped";
  /** When the service began; null: it does not run. */
  readonly since: string | null;
  /** All bound devices are there; null: the service does not run. */
  readonly ready: boolean | null;
  /** There is a secret by which targets prove themselves where a login says no other. */
  readonly mutualSecret: boolean;
  readonly sessions: number;
  readonly devices: number;
}

/** Who proves who is who: nobody, the initiator, or both. */
export type AuthenticationFacts = "none" | "chap" | "mutual-chap";

/** A portal that is asked for targets. */
export interface DiscoveryPortalFacts extends PortalFacts {
  /** As whom the initiator proves itself there; null: it does not. */
  readonly chapUser: string | null;
  readonly authentication: AuthenticationFacts;
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  /** How many targets it offered; null: it was not asked yet, or did not answer. */
  readonly targets: number | null;
  readonly askedAt: string | null;
  /** Why it could not be asked. */
  readonly error: string | null;
}

/** An iSNS server that is asked for targets. */
export interface IsnsServerFacts extends PortalFacts {
  /** `absent`: it cannot be used, and is tried again; `stopped`: no service runs. */
  readonly state: "connected" | "connecting" | "absent" | "stopped";
  /** It tells of changes as they happen; it is asked every minute where it does not. */
  readonly notifies: boolean;
  /** How many targets it showed last; null: it was not asked yet, or did not answer. */
  readonly targets: number | null;
  readonly askedAt: string | null;
  /** Why it cannot be used. */
  readonly error: string | null;
}

/** A target that may be logged in to. */
export interface KnownTargetFacts {
  readonly iqn: string;
  /** What it calls itself, or was called when it was added; empty: not told. */
  readonly alias: string;
  /** Where it is, as its portals were told by discovery or by hand. */
  readonly portals: readonly (PortalFacts & {
    /** RFC 7143 4.2.7; null: not told. */
    readonly portalGroup: number | null;
    /** Who told: `ADDRESS:PORT` of a discovery portal, `isns:ADDRESS:PORT`, or `static`. */
    readonly foundBy: string;
  })[];
  readonly state: "logged-in" | "persistent" | "known";
  readonly sessions: number;
}

/**
 * `recovering`: it is lost, and tried for. `offline`: it is tried for again after a while.
 * `refused`: the target will not have it, and it is not tried for until somebody logs in anew.
 */
export type InitiatorSessionState =
  | "connecting"
  | "logged-in"
  | "recovering"
  | "offline"
  | "refused";

export type SessionType = "data" | "informational";

/** One connection of a session. */
export interface ConnectionFacts {
  /** RFC 7143 11.12.6. */
  readonly cid: number;
  /** Our end, and the target's. */
  readonly source: PortalFacts;
  readonly portal: PortalFacts;
}

export interface InitiatorSessionFacts {
  /** Names the session to commands, for as long as the login lasts. */
  readonly id: string;
  readonly target: string;
  readonly state: InitiatorSessionState;
  readonly portal: PortalFacts;
  /** Our end of the first connection; null while there is none. */
  readonly source: PortalFacts | null;
  /** Six octets, in hexadecimal digits. */
  readonly isid: string;
  /** Null while there is no session. */
  readonly tsih: number | null;
  readonly portalGroup: number | null;
  readonly targetAlias: string;
  readonly connections: number;
  /** Those that are open, the leading one first. */
  readonly connectionList: readonly ConnectionFacts[];
  readonly headerDigest: "none" | "crc32c";
  readonly dataDigest: "none" | "crc32c";
  readonly authentication: AuthenticationFacts;
  /** `informational`: for questions alone, its LUNs are no devices. */
  readonly type: SessionType;
  /** It is restored when the service begins. */
  readonly persistent: boolean;
  readonly multipath: boolean;
  /** Since when it is what it is. */
  readonly since: string;
  /** Sessions that were lost since the login. */
  readonly losses: number;
  readonly commands: number;
  /** Why it is not logged in. */
  readonly error: string | null;
}

/** A login that is restored when the service begins. */
export interface PersistentLoginFacts {
  readonly target: string;
  readonly paths: readonly {
    readonly portal: PortalFacts;
    /** Null: the machine chooses. */
    readonly sourceAddress: string | null;
  }[];
  readonly multipath: boolean;
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly chapUser: string | null;
  /** Who the target must prove to be; null: nobody, or whoever knows the secret. */
  readonly targetChapUser: string | null;
  readonly authentication: AuthenticationFacts;
  readonly type: SessionType;
  /** Of each session. */
  readonly connections: number;
  /** Where they are asked for; times in seconds. RFC 7143 13.2, 13.15, 13.16. */
  readonly maxConnections: number | null;
  readonly defaultTime2Wait: number | null;
  readonly defaultTime2Retain: number | null;
  /** The service runs, and has at least one session. */
  readonly loggedIn: boolean;
  /** Why it has none, and what to do about it. */
  readonly error: string | null;
}

export interface PathFacts {
  /** `192.0.2.101 → 192.0.2.1:3260`. */
  readonly name: string;
  /** The session that it goes through. */
  readonly session: string;
  readonly state: PathState;
  readonly portal: PortalFacts;
  readonly source: PortalFacts | null;
  /** How the target says that its port reaches the unit: `active/optimized`…; null: it does not. */
  readonly access: string | null;
  readonly weight: number;
  readonly subset: boolean;
  /** Commands on their way. */
  readonly outstanding: number;
  readonly commands: number;
  readonly blocks: number;
  readonly failures: number;
  readonly losses: number;
  /** Why it is not used. */
  readonly error: string | null;
}

/** How programs of this machine reach an attached device. */
export interface AttachmentFacts {
  readonly readOnly: boolean;
  /** `nbd`: a block device of the kernel's; `nbdfuse`: a file; `url`: neither. */
  readonly way: AttachWay;
  /** `nbd+unix:///NAME?socket=PATH`. */
  readonly url: string;
  /** `/dev/nbd0`, or a file; null: it is reached by its URL alone. */
  readonly path: string | null;
  /** Clients that use it by its URL now. */
  readonly clients: number;
  /** Where file systems on it are mounted. */
  readonly mounts: readonly string[];
}

/** `degraded`: paths are missing. `offline`: there was no path for too long. */
export type InitiatorDeviceState = "connecting" | "online" | "degraded" | "no-path" | "offline";

export interface InitiatorDeviceFacts {
  /** What commands call it: the end of its target's name, and its LUN: `mail/0`. */
  readonly name: string;
  /** The name of the unit by its page Device Identification; null: it has none. */
  readonly identity: string | null;
  readonly target: string;
  readonly lun: number;
  readonly state: InitiatorDeviceState;
  /** Null until it was reached. */
  readonly size: number | null;
  readonly blockLength: number | null;
  readonly physicalBlockLength: number | null;
  readonly vendor: string;
  readonly product: string;
  readonly serial: string;
  readonly readOnly: boolean;
  readonly thin: boolean;
  readonly policy: PolicyName;
  /** The preferred one first. */
  readonly paths: readonly PathFacts[];
  readonly attached: AttachmentFacts | null;
  /** The service is ready only when it is there. */
  readonly bound: boolean;
  /** Why it cannot be used. */
  readonly error: string | null;
}

/** What `login` made. */
export interface LoginFacts {
  readonly target: string;
  readonly persistent: boolean;
  readonly sessions: readonly InitiatorSessionFacts[];
  readonly devices: readonly InitiatorDeviceFacts[];
}

export interface LogoutFacts {
  readonly target: string;
  /** The sessions that were logged out of. */
  readonly sessions: readonly string[];
  /** It is logged in to again when the service begins. */
  readonly persistent: boolean;
}

export interface PingFacts {
  readonly portal: PortalFacts;
  /** Octets that went there and back. */
  readonly size: number;
  /** Milliseconds that each took; null: it did not come back in time. */
  readonly replies: readonly (number | null)[];
}

export interface BindFacts {
  /** The devices that are bound now. */
  readonly bound: readonly string[];
}
