/** Why an address cannot be listened on, and what to do about it. */
import { hostAndPort } from "../iscsi/portal_address.ts";
import { ControlError } from "./control_error.ts";
import type { PortalFacts } from "./facts.ts";

/** `what` is to listen there; `another` says how another address is chosen. */
export function listenFailure(
  { what, another }: { readonly what: string; readonly another: string },
  { address, port }: PortalFacts,
  cause: unknown,
): unknown {
  const where = `${what} cannot listen on ${hostAndPort(address, port)}`;
  if (cause instanceof Deno.errors.AddrInUse) {
    const next = `stop what listens there, or choose another address ${another}`;
    return new ControlError("in-use", `${where}: it is in use`, next, { cause });
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    const next = `choose a port from 1024 on ${another}, or run as a user who may`;
    return new ControlError("permission", `${where}: it is not permitted`, next, { cause });
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    const next = `choose an address of this machine ${another}`;
    return new ControlError("failed", `${where}: this machine has no such address`, next, {
      cause,
    });
  }
  if (!(cause instanceof Error)) return cause;
  const next = `choose an address of this machine ${another}`;
  return new ControlError("failed", `${where}: ${cause.message}`, next, { cause });
}
