/** Why a login failed, as the target put it: its status, what that means, and what to do. */
import { LoginStatus } from "../iscsi/pdu/login_response.ts";

interface Meaning {
  readonly means: string;
  readonly next: string;
}

/** RFC 7143 11.13.5, in words for whoever has to act upon it. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [LoginStatus.INITIATOR_ERROR, {
    means: "it finds fault with what we asked for",
    next: "try without digests and other options of the session",
  }],
  [LoginStatus.AUTHENTICATION_FAILURE, {
    means: "authentication failed",
    next: "check the CHAP user and secret, and whether the target wants CHAP at all",
  }],
  [LoginStatus.AUTHORIZATION_FAILURE, {
    means: "this initiator may not log in",
    next: "allow this initiator's name in the target's access list",
  }],
  [LoginStatus.NOT_FOUND, {
    means: "there is no such target, or this initiator may not see it",
    next: "check the name with discovery, and the target's access list",
  }],
  [LoginStatus.TARGET_REMOVED, {
    means: "the target has been removed for good",
    next: "refresh discovery",
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

/** The target refused. */
export class LoginRefused extends Error {
  override readonly name = "LoginRefused";
  /** What to do about it. */
  readonly next: string;

  constructor(
    /** Class in the upper octet, detail in the lower. RFC 7143 11.13.5. */
    readonly status: number,
    /** Who refused: `iqn.… at 192.0.2.1:3260`. */
    where: string,
  ) {
    const meaning = MEANINGS.get(status) ?? CLASS_MEANINGS[status >>> 8] ?? CLASS_MEANINGS[2]!;
    const code = `0x${status.toString(16).padStart(4, "0")}`;
    super(`${where} refuses the login: ${meaning.means} (status ${code})`);
    this.next = meaning.next;
  }

  /** Only what may pass by itself is worth another try; the rest is for people. */
  get isTransient(): boolean {
    return this.status >>> 8 === TARGET_ERROR_CLASS;
  }

  get isAuthenticationFailure(): boolean {
    return this.status === LoginStatus.AUTHENTICATION_FAILURE;
  }
}

/** What a login that came to nothing may be for us to refuse. */
export type LoginFault = "authentication" | "agreement" | "protocol" | "redirect" | "silence";

/** We broke a login off: the target did not do what we insist upon. */
export class LoginBroken extends Error {
  override readonly name = "LoginBroken";

  constructor(readonly fault: LoginFault, message: string, readonly next: string) {
    super(message);
  }
}
