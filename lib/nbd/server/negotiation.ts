/** What client and server have agreed on so far, and what the server has to offer. */
import type { ReplyType } from "../messages/option_reply.ts";
import type { Export } from "./export.ts";
import type { Exports } from "./exports.ts";
import type { Limits } from "./limits.ts";

export interface Negotiation {
  readonly exports: Exports;
  readonly limits: Limits;
  /** One more connection may enter the transmission phase. */
  readonly hasPlace: boolean;
  structuredReplies: boolean;
  /** The export whose allocation the client has chosen to ask for. */
  allocationOf: Export | undefined;
  /** The export that is entered when the last reply has been laid out. */
  chosen: Export | undefined;
  /** The client wants no more. */
  aborted: boolean;
}

export interface OptionReply {
  readonly type: ReplyType;
  readonly data?: Uint8Array;
}

/**
 * The replies to an option, the final one last. They are drawn one by one as there is room for
 * them; what is in `data` must be taken out before the first.
 */
export type OptionAnswer = (
  negotiation: Negotiation,
  data: Uint8Array,
) => Generator<OptionReply, void>;
