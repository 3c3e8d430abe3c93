/** Where a connection tells what happened to it: who it is goes with every line. */
import { hostAndPort } from "../iscsi/portal_address.ts";
import type { Facts, Logger } from "../runtime/logger.ts";
import type { Connection } from "./connection.ts";
import type { TargetNode } from "./node.ts";

export type LogLevel = keyof Logger;

/** Lines of those who have not logged in are rationed, but for our own mistakes. */
export function logOf(
  { logger, strangerLogger }: TargetNode,
  { session, endpoint }: Connection,
  level: LogLevel,
): (message: string, facts: Facts) => void {
  const sink = session === undefined && level !== "error" ? strangerLogger : logger;
  return (message, facts) =>
    sink[level](message, {
      ...facts,
      peer: hostAndPort(endpoint.remoteAddress, endpoint.remotePort),
      initiator: session?.initiatorName,
      target: session?.target?.name,
    });
}
