/**
 * Whether an iSCSI portal answers, and how fast: NOP-Outs whose data comes back, in a discovery
 * session. RFC 7143 11.18, 11.19.
 */
import { within } from "../runtime/within.ts";
import type { DiscoverOptions } from "./discover.ts";
import { logIn } from "./log_in.ts";
import type { InitiatorNode } from "./node.ts";

export interface PingOptions extends DiscoverOptions {
  readonly count: number;
  /** Octets of data that go there and back. */
  readonly size: number;
  readonly timeoutMs: number;
}

/** What a login's default lets the other side send: no target need take more. RFC 7143 13.12. */
export const MOST_PING_OCTETS = 8192;

/**
 * Milliseconds that each took; undefined where no answer came in time, and then none is waited for
 * any more. Fails where there is no session to be had.
 */
export async function ping(
  node: InitiatorNode,
  { count, size, timeoutMs, ...options }: PingOptions,
): Promise<(number | undefined)[]> {
  const { session } = await logIn(node, { ...options, targetName: undefined });
  const { clock } = node;
  const replies: (number | undefined)[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const beganMs = clock.nowMs();
      const data = Uint8Array.from({ length: size }, (_, at) => i + at);
      const isBack = !session.isOver && await within(clock, timeoutMs, [session.echo(data)]);
      replies.push(isBack ? clock.nowMs() - beganMs : undefined);
      if (!isBack) break;
    }
  } finally {
    await session.logout();
  }
  return [...replies, ...Array(count - replies.length).fill(undefined)];
}
