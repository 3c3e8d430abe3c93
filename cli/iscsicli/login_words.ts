/** The eighteen words of a login, and what stands behind them. */
import type { NewLogin, PortalFacts } from "../../lib/initiator_service/control.ts";
import { checkInstance, sourceAddressOf } from "./initiator_port.ts";
import { INVALID_PARAMETER, IscsicliError, Isdsc } from "./isdsc.ts";
import {
  addressOf,
  booleanOf,
  credentialOf,
  isStar,
  numberOf,
  numberUnlessStar,
  secretOf,
  socketOf,
  targetNameOf,
  unlessStar,
} from "./words.ts";

const REQUIRE_IPSEC = 0x1;
const MULTIPATH_ENABLED = 0x2;
const IPSEC_ENABLED = 0x2;

/** AuthType. */
const AUTH_NONE = 0;
const AUTH_CHAP = 1;
const AUTH_MUTUAL = 2;

const TARGET = 0, REPORT_TO_PNP = 1, ADDRESS = 2, SOCKET = 3, INSTANCE = 4, PORT_NUMBER = 5;
const SECURITY_FLAGS = 6, LOGIN_FLAGS = 7, KEY = 16, MAPPING_COUNT = 17;
export const LOGIN_WORDS = 18;

export type LoginOptions = Pick<
  NewLogin,
  | "chap"
  | "mutual"
  | "headerDigest"
  | "dataDigest"
  | "maxConnections"
  | "defaultTime2Wait"
  | "defaultTime2Retain"
  | "multipath"
>;

/** What the words of a login ask for. */
export function loginOf(
  words: readonly string[],
  nodeName: string,
  addresses: readonly string[],
): NewLogin {
  const portal = portalUnlessStar(words[ADDRESS]!, words[SOCKET]!);
  checkInstance(words[INSTANCE]);
  const sourceAddress = sourceAddressOf(words[PORT_NUMBER], addresses);
  checkSecurity(words[SECURITY_FLAGS]!, words[KEY]!);
  checkMappings(words);
  return {
    target: targetNameOf(words[TARGET]!),
    ...portal === undefined ? {} : { paths: [{ portal, sourceAddress }] },
    // No session of a machine whose LUNs are to be devices asks for less.
    ...booleanOf(words[REPORT_TO_PNP], true) ? {} : { informational: true },
    ...loginOptionsOf(words.slice(LOGIN_FLAGS), nodeName),
  };
}

/** Both of its words say something, or neither does. */
export function portalUnlessStar(addressWord: string, socketWord: string): PortalFacts | undefined {
  const address = addressOf(addressWord);
  const socket = unlessStar(socketWord);
  if ((address === undefined) !== (socket === undefined)) {
    throw new IscsicliError(INVALID_PARAMETER, "Portal address and socket must be specified");
  }
  if (address === undefined || socket === undefined) return undefined;
  return { address, port: socketOf(socket) };
}

/** IPsec is the network's business here; a key that nobody would use is not to seem used. */
export function checkSecurity(flags: string, key: string): void {
  if ((numberOf(flags) & IPSEC_ENABLED) !== 0) throw unsupported();
  if (credentialOf(key)) throw unsupported();
}

/**
 * The options of a login, in the words that begin with `<Login Flags>`: the commands have them in
 * different places, and in one order.
 */
export function loginOptionsOf(words: readonly string[], nodeName: string): LoginOptions {
  const [flagsWord, headerDigest, dataDigest, maxConnections, ...others] = words;
  const [defaultTime2Wait, defaultTime2Retain, user, password, authType] = others;
  const flags = numberOf(flagsWord!);
  if ((flags & REQUIRE_IPSEC) !== 0) throw unsupported();
  const digest = (word: string) => {
    const asked = numberUnlessStar(word);
    return asked === undefined ? undefined : asked === 1;
  };
  return {
    multipath: (flags & MULTIPATH_ENABLED) !== 0 || undefined,
    headerDigest: digest(headerDigest!),
    dataDigest: digest(dataDigest!),
    maxConnections: numberUnlessStar(maxConnections!),
    defaultTime2Wait: numberUnlessStar(defaultTime2Wait!),
    defaultTime2Retain: numberUnlessStar(defaultTime2Retain!),
    ...chapOf(numberUnlessStar(authType!), user!, password!, nodeName),
  };
}

/** With mutual CHAP the target proves itself by the initiator's own secret for that. */
export function chapOf(
  authType: number | undefined,
  user: string,
  password: string,
  nodeName: string,
): Pick<LoginOptions, "chap" | "mutual"> {
  const secret = credentialOf(password);
  const type = authType ?? (secret === undefined ? AUTH_NONE : AUTH_CHAP);
  if (type === AUTH_NONE) return {};
  if (type !== AUTH_CHAP && type !== AUTH_MUTUAL) {
    throw new IscsicliError(Isdsc.AUTHENTICATION_TYPE_INVALID);
  }
  const chap = { user: credentialOf(user) ?? nodeName, secret: secretOf(secret ?? "") };
  return type === AUTH_MUTUAL ? { chap, mutual: true } : { chap };
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
