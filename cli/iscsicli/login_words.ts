/** The eighteen words of a login, and what stands behind them. */
import type { NewLogin } from "../../lib/initiator_service/control.ts";
import { INVALID_PARAMETER, IscsicliError, Isdsc } from "./isdsc.ts";
import {
  booleanOf,
  credentialOf,
  isStar,
  numberOf,
  numberUnlessStar,
  secretOf,
  socketOf,
  unlessStar,
} from "./words.ts";

const REQUIRE_IPSEC = 0x1;
const MULTIPATH_ENABLED = 0x2;
const IPSEC_ENABLED = 0x2;

/** AuthType. */
const AUTH_NONE = 0;
const AUTH_CHAP = 1;
const AUTH_MUTUAL = 2;

/** Where the words of a login stand; AddTarget and AddTargetPortal have them elsewhere. */
export interface LoginOptionPlaces {
  readonly loginFlags: number;
  readonly headerDigest: number;
  readonly dataDigest: number;
  readonly maxConnections: number;
  readonly user: number;
  readonly password: number;
  readonly authType: number;
}

const LOGIN: LoginOptionPlaces = {
  loginFlags: 7,
  headerDigest: 8,
  dataDigest: 9,
  maxConnections: 10,
  user: 13,
  password: 14,
  authType: 15,
};

const TARGET = 0, REPORT_TO_PNP = 1, ADDRESS = 2, SOCKET = 3;
const SECURITY_FLAGS = 6, MAPPING_COUNT = 17;
export const LOGIN_WORDS = 18;

export type LoginOptions = Pick<
  NewLogin,
  "chap" | "headerDigest" | "dataDigest" | "connections" | "multipath"
>;

/** What the words of a login ask for. */
export function loginOf(words: readonly string[], nodeName: string): NewLogin {
  const address = unlessStar(words[ADDRESS]!);
  const socket = unlessStar(words[SOCKET]!);
  if ((address === undefined) !== (socket === undefined)) {
    throw new IscsicliError(INVALID_PARAMETER, "Portal address and socket must be specified");
  }
  if ((numberOf(words[SECURITY_FLAGS]!) & IPSEC_ENABLED) !== 0) throw unsupported();
  if (!booleanOf(words[REPORT_TO_PNP], true)) throw unsupported(); // no session without a device
  checkMappings(words);
  return {
    target: words[TARGET]!,
    ...address === undefined || socket === undefined
      ? {}
      : { paths: [{ portal: { address, port: socketOf(socket) } }] },
    ...loginOptionsOf(words, LOGIN, nodeName),
  };
}

export function loginOptionsOf(
  words: readonly string[],
  at: LoginOptionPlaces,
  nodeName: string,
): LoginOptions {
  const flags = numberOf(words[at.loginFlags]!);
  if ((flags & REQUIRE_IPSEC) !== 0) throw unsupported();
  const digest = (place: number) => {
    const asked = numberUnlessStar(words[place]!);
    return asked === undefined ? undefined : asked === 1;
  };
  return {
    multipath: (flags & MULTIPATH_ENABLED) !== 0 || undefined,
    headerDigest: digest(at.headerDigest),
    dataDigest: digest(at.dataDigest),
    connections: numberUnlessStar(words[at.maxConnections]!),
    chap: chapOf(
      numberUnlessStar(words[at.authType]!),
      words[at.user]!,
      words[at.password]!,
      nodeName,
    ),
  };
}

function chapOf(
  authType: number | undefined,
  user: string,
  password: string,
  nodeName: string,
): LoginOptions["chap"] {
  const secret = credentialOf(password);
  switch (authType ?? (secret === undefined ? AUTH_NONE : AUTH_CHAP)) {
    case AUTH_NONE:
      return undefined;
    case AUTH_CHAP:
      return { user: credentialOf(user) ?? nodeName, secret: secretOf(secret ?? "") };
    case AUTH_MUTUAL:
      throw unsupported();
    default:
      throw new IscsicliError(INVALID_PARAMETER, `Invalid authentication type: ${authType}`);
  }
}

/** LUNs appear where they are: mappings are checked, and need nothing done. */
function checkMappings(words: readonly string[]): void {
  const count = numberOf(words[MAPPING_COUNT]!);
  const mappings = words.slice(LOGIN_WORDS);
  if (mappings.length !== count * 4) throw new IscsicliError(INVALID_PARAMETER);
  for (let at = 0; at < mappings.length; at += 4) {
    const [lun, bus, target] = mappings.slice(at);
    if (!/^0x[0-9a-fA-F]{16}$/.test(lun!)) {
      throw new IscsicliError(
        INVALID_PARAMETER,
        "Target LUN must be in 0x0123456789abcdef format",
      );
    }
    for (
      const [value, first, name] of [[bus, mappings[1], "OSBus"], [target, mappings[2], "OSTarget"]]
    ) {
      if (value === first) continue;
      throw new IscsicliError(INVALID_PARAMETER, `${name} number must be the same for all LUNs`);
    }
  }
}

export function unsupported(): IscsicliError {
  return new IscsicliError(Isdsc.REQUEST_NOT_SUPPORTED);
}

/** How QLoginTarget and its like give a user and a secret: behind what else they need. */
export function quickChap(user: string | undefined, secret: string | undefined, nodeName: string) {
  if (user === undefined || secret === undefined || isStar(secret)) return undefined;
  return { user: credentialOf(user) ?? nodeName, secret: secretOf(secret) };
}
