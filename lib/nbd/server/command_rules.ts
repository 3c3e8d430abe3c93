/**
 * What each request may ask, a row each: which flags it knows, and what is wrong with one that
 * reaches beyond the export. doc/proto.md, "Request types", "Error values".
 */
import { CommandFlag, RequestType } from "../messages/request.ts";
import { NbdError } from "../nbd_error.ts";
import type { Export } from "./export.ts";
import type { PendingRequest } from "./pending_request.ts";

interface CommandRule {
  /** Flags that it knows, besides FUA, which every request may have. */
  readonly flags: number;
  /** It changes the export: not on one that is read-only. */
  readonly writes?: true;
  /** It is taken only where the client was told so. */
  readonly offered?: (terms: Terms) => boolean;
  /** It has neither offset nor length. */
  readonly whole?: true;
  /** Its length is that of data. */
  readonly payload?: true;
  /** Of a range that is not all there. */
  readonly beyond: NbdError;
}

/** What the connection is about, and what was agreed for it. */
export interface Terms {
  readonly export: Export;
  readonly payloadLength: number;
  readonly structuredReplies: boolean;
  readonly tellsAllocation: boolean;
}

const { EINVAL, ENOSPC } = NbdError;
const { NO_HOLE, DF, REQ_ONE, FAST_ZERO } = CommandFlag;

const RULES: ReadonlyMap<number, CommandRule> = new Map<number, CommandRule>([
  [RequestType.READ, { flags: DF, payload: true, beyond: EINVAL }],
  [RequestType.WRITE, { flags: 0, writes: true, payload: true, beyond: ENOSPC }],
  [RequestType.FLUSH, { flags: 0, whole: true, beyond: EINVAL }],
  [RequestType.TRIM, { flags: 0, writes: true, beyond: EINVAL, offered: (it) => it.export.thin }],
  [RequestType.CACHE, { flags: 0, beyond: EINVAL }],
  [RequestType.WRITE_ZEROES, { flags: NO_HOLE | FAST_ZERO, writes: true, beyond: ENOSPC }],
  [
    RequestType.BLOCK_STATUS,
    { flags: REQ_ONE, beyond: EINVAL, offered: (it) => it.tellsAllocation },
  ],
]);

/** What is wrong with a request, before the device is asked; NONE: nothing. */
export function faultOf(request: PendingRequest, terms: Terms): NbdError {
  const rule = RULES.get(request.type);
  if (rule === undefined || (request.flags & ~(rule.flags | CommandFlag.FUA)) !== 0) return EINVAL;
  // "Transmission flags": DF means something only where replies have fragments.
  if (request.has(DF) && !terms.structuredReplies) return EINVAL;
  if (rule.whole) return request.offset === 0 && request.length === 0 ? NbdError.NONE : EINVAL;
  if (rule.writes && terms.export.readOnly) return NbdError.EPERM;
  if (rule.offered?.(terms) === false) return EINVAL;
  if (rule.payload && request.length > terms.payloadLength) return EINVAL;
  const { offset, length } = request;
  // Beyond 2^53 an offset is rounded; it stays beyond every export.
  if (offset + length > terms.export.size) return rule.beyond;
  const block = terms.export.minimumBlockLength;
  return offset % block === 0 && length % block === 0 ? NbdError.NONE : EINVAL;
}
