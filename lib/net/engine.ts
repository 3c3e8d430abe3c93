/** One connection's protocol, as the pump sees it: octets in, octets out, and nothing waits. */
import type { Inbox } from "../wire/inbox.ts";
import type { Outbox } from "../wire/outbox.ts";

export interface Engine {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** Nothing more is received or sent: the stream can go. */
  readonly isClosed: boolean;
  /** Nothing more will be laid out: once all that is has left, the peer is told. */
  readonly isEnding: boolean;
  /** Nothing more may be received until answers have left, or what is under way has ended. */
  readonly isBlocked: boolean;
  /** All that came has been dealt with, and only the peer can give it more to do. */
  readonly isIdle?: boolean;
  /** What comes is best dealt with at once: each answer lets the next request go. */
  readonly isEager?: boolean;
  /** Deals with what is in the inbox. False: it is blocked, and some may be left. */
  receive(): boolean;
  /** What was laid out has been written. */
  drained(): void;
  /** The stream has ended or broken, for this reason. */
  close(reason: string): void;
  /** Gives the buffers back: no transfer uses them any more. */
  release(): void;
}
