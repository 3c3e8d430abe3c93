/** Whether the medium is too far behind what initiators write to take more from one of them. */
import type { TargetNode } from "./node.ts";

/**
 * Octets of asynchronous writes past which a connection is read no further once the node's limit is
 * reached too. Before that pings are answered, however slow the medium is.
 */
const PENDING_WRITES = 8 << 20;

/** `pendingOctets` are the connection's. */
export function isMediumBehind(
  { pendingWrites, limits }: Pick<TargetNode, "pendingWrites" | "limits">,
  pendingOctets: number,
): boolean {
  return pendingWrites.octets > limits.pendingWriteOctets && pendingOctets > PENDING_WRITES;
}
