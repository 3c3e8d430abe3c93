/**
 * Where the API is served: on the Unix socket of the state directory, and for browsers on a TCP
 * port.
 */
import { ControlError } from "../config/control_error.ts";
import { listenFailure } from "../config/listen_failure.ts";
import type { PortalFacts } from "../config/facts.ts";
import type { Logger } from "../runtime/logger.ts";

/** Longest path that a Unix socket can have; unix(7), without the final zero. */
const MOST_SOCKET_PATH_OCTETS = 107;

const DASHBOARD = { what: "the dashboard", another: "with --http" };

/** How long requests that are being answered may take to end. */
const GRACE_MS = 2_000;

export type Handler = (request: Request) => Response | Promise<Response>;

export interface HttpListener {
  /** Where it listens; undefined for a Unix socket. */
  readonly address: PortalFacts | undefined;
  /** Takes no new requests, and lets those under way end. */
  close(): Promise<void>;
}

/**
 * Serves on a Unix socket that only this user can open; what a dead service left there is replaced.
 */
export async function listenOnSocket(
  path: string,
  handler: Handler,
  logger: Logger,
): Promise<HttpListener> {
  if (new TextEncoder().encode(path).length > MOST_SOCKET_PATH_OCTETS) {
    throw new ControlError(
      "usage",
      `the path ${path} is too long for a Unix socket`,
      "choose a shorter --state-dir",
    );
  }
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  // The socket is never open to others, not even for an instant.
  const umask = Deno.umask(0o177);
  try {
    return served({ path }, handler, logger);
  } finally {
    Deno.umask(umask);
  }
}

/** Serves on a TCP port; port 0 takes a free one. */
export function listenOnPort(
  { address, port }: PortalFacts,
  handler: Handler,
  logger: Logger,
): HttpListener {
  try {
    return served({ hostname: address, port }, handler, logger);
  } catch (error) {
    throw listenFailure(DASHBOARD, { address, port }, error);
  }
}

function served(
  where: { path: string } | { hostname: string; port: number },
  handler: Handler,
  logger: Logger,
): HttpListener {
  const stop = new AbortController();
  const options = {
    signal: stop.signal,
    onListen() {},
    onError(error: unknown): Response {
      logger.error("a request failed", { reason: String(error) });
      return new Response("the service failed inside\n", { status: 500 });
    },
  };
  const server = "path" in where
    ? Deno.serve({ ...where, ...options }, handler)
    : Deno.serve({ ...where, ...options }, handler);
  const { addr } = server;
  return {
    address: addr.transport === "tcp" ? { address: addr.hostname, port: addr.port } : undefined,
    async close() {
      const timer = setTimeout(() => stop.abort(), GRACE_MS);
      await server.shutdown();
      clearTimeout(timer);
    },
  };
}
