/** Connects to portals over TCP. */
import { hostAndPort } from "../iscsi/portal_address.ts";
import { dialTcp } from "../net/dial_tcp.ts";
import type { Dial } from "./node.ts";
import { Unreachable } from "./unreachable.ts";

export const dial: Dial = (portal, options) =>
  dialTcp(portal, options, ({ reason, next }, cause) => {
    return new Unreachable(hostAndPort(portal.host, portal.port), reason, next, cause);
  });
