/** What state a connection is in, and which may follow it. RFC 7143 8.1.4, as a target shows it. */
import { assert } from "../runtime/assert.ts";

export type ConnectionState =
  | "in-login"
  | "logged-in"
  | "in-logout" // a logout is being carried out: nothing more is taken from the peer
  | "cleanup-wait" // what is laid out still leaves, then the connection is closed
  | "closed";

const EDGES: { readonly [from in ConnectionState]: readonly ConnectionState[] } = {
  "in-login": ["logged-in", "cleanup-wait", "closed"],
  "logged-in": ["in-logout", "cleanup-wait", "closed"],
  "in-logout": ["cleanup-wait", "closed"],
  "cleanup-wait": ["closed"],
  "closed": [],
};

/** A way that no connection goes is a bug of ours. */
export function assertEdge(from: ConnectionState, to: ConnectionState): void {
  assert(EDGES[from].includes(to), `from ${from} to ${to}`);
}
