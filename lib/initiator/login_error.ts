/** Why a login failed, as the target put it: its status, what that means, and what to do. */
import { InitiatorError, type InitiatorErrorKind } from "./initiator_error.ts";
import { LoginStatus } from "../iscsi/pdu/login_response.ts";

interface Meaning {
  readonly means: string;
  readonly next: string;
  /** "failed" without. */
  readonly kind?: InitiatorErrorKind;
}

/** RFC 7143 11.13.5, in words for whoever has to act upon it. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [LoginStatus.INITIATOR_ERROR, {
    means: "it finds fault with what we asked for",
    next: "try without digests and other options of the session",
  }],
  [LoginStatus.AUTHENTICATION_FAILURE, {
    means: "authentication failed",
    next: "check the CHAP user and secret, as the target has them",
    kind: "permission",
  }],
  [LoginStatus.AUTHORIZATION_FAILURE, {
    means: "this initiator may not log in",
    next: "allow this initiator's name in the target's access list",
    kind: "permission",
  }],
  [LoginStatus.NOT_FOUND, {
    means: "there is no such target, or this initiator may not see it",
    next: "check the name with discovery, and the target's access list",
    kind: "not-found",
  }],
  [LoginStatus.TARGET_REMOVED, {
    means: "the target has been removed for good",
    next: "refresh discovery",
    kind: "not-found",
  }],
  [LoginStatus.UNSUPPORTED_VERSION, {
    means: "it does not speak this version of iSCSI",
    next: "update the target's software",
  }],
  [LoginStatus.TOO_MANY_CONNECTIONS, {
    means: "too many connections for this session",
    next: "log in with fewer connections",
  }],
  [LoginStatus.MISSING_PARAMETER, {
    means: "it misses a parameter",
    next: "report this with the target's log",
  }],
  [LoginStatus.CANNOT_INCLUDE_IN_SESSION, {
    means: "it cannot include the connection in the session",
    next: "log in with one connection",
  }],
  [LoginStatus.SESSION_TYPE_NOT_SUPPORTED, {
    means: "it does not do this type of session",
    next: "name the target directly if it does no discovery",
  }],
  [LoginStatus.SESSION_DOES_NOT_EXIST, {
    means: "the session does not exist any more",
    next: "log in anew",
  }],
  [LoginStatus.INVALID_DURING_LOGIN, {
    means: "it did not expect this step of the login",
    next: "report this with the target's log",
  }],
  [LoginStatus.TARGET_ERROR, {
    means: "it has an error of its own",
    next: "see the target's log; it may work when tried again",
  }],
  [LoginStatus.SERVICE_UNAVAILABLE, {
    means: "the service is not available just now",
    next: "try again later",
    kind: "unreachable",
  }],
  [LoginStatus.OUT_OF_RESOURCES, {
    means: "it is out of resources",
    next: "end other sessions or raise the target's limits",
  }],
]);

/** For statuses that no standard knows. */
const CLASS_MEANINGS: readonly Meaning[] = [
  { means: "it succeeded, yet in a way that is not known", next: "update the target's software" },
  { means: "it redirects in a way that is not known", next: "name the other portal directly" },
  { means: "the fault is ours, as it sees it", next: "see the target's log" },
  { means: "the fault is its own", next: "see the target's log; it may work when tried again" },
];

const TARGET_ERROR_CLASS = 3;

/** What the target asks for when nothing was to be proved. */
export const UNPROVED = "the target wants CHAP: log in with a user and a secret";

/** The target refused. */
export class LoginRefused extends InitiatorError {
  override readonly name = "LoginRefused";

  constructor(
    /** Class in the upper octet, detail in the lower. RFC 7143 11.13.5. */
    readonly status: number,
    /** Who refused: `iqn.… at 192.0.2.1:3260`. */
    where: string,
    /** Whether we were ready to prove who we are. */
    proves: boolean,
  ) {
    const meaning = MEANINGS.get(status) ?? CLASS_MEANINGS[status >>> 8] ?? CLASS_MEANINGS[2]!;
    const code = `0x${status.toString(16).padStart(4, "0")}`;
    const isUnproved = status === LoginStatus.AUTHENTICATION_FAILURE && !proves;
    super(
      meaning.kind ?? "failed",
      `${where} refuses the login: ${meaning.means} (status ${code})`,
      isUnproved ? UNPROVED : meaning.next,
    );
  }

  /** Only what may pass by itself is worth another try; the rest is for people. */
  get isTransient(): boolean {
    return this.status >>> 8 === TARGET_ERROR_CLASS;
  }
}

/** What a login came to nothing over. */
export type LoginFault =
  | "authentication"
  | "agreement"
  | "protocol"
  | "redirect"
  | "silence"
  /** The connection ended. */
  | "closed"
  /** What came is not even a PDU of a login. */
  | "garbage";

/** What may be otherwise the next time. */
const TRANSIENT: ReadonlySet<LoginFault> = new Set(["silence", "closed", "garbage"]);

const KINDS: Readonly<Record<LoginFault, InitiatorErrorKind>> = {
  "authentication": "permission",
  "agreement": "failed",
  "protocol": "failed",
  "redirect": "failed",
  "silence": "unreachable",
  "closed": "unreachable",
  "garbage": "failed",
};

/** We broke a login off: the target did not do what we insist upon. */
export class LoginBroken extends InitiatorError {
  override readonly name = "LoginBroken";

  constructor(readonly fault: LoginFault, message: string, next: string) {
    super(KINDS[fault], message, next);
  }

  get isTransient(): boolean {
    return TRANSIENT.has(this.fault);
  }
}
