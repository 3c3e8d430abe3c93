/**
 * `NBD_OPT_LIST_META_CONTEXT` and `NBD_OPT_SET_META_CONTEXT`: what clients may ask of ranges, which
 * is their allocation alone.
 */
import { type ContextRequest, parseContextRequest } from "../../messages/context_request.ts";
import { ALLOCATION_CONTEXT, BASE_NAMESPACE } from "../../messages/meta_context.ts";
import { concatenated, textOctets, u32Octets } from "../../messages/option_data.ts";
import { ReplyType } from "../../messages/option_reply.ts";
import type { Export } from "../export.ts";
import type { Negotiation, OptionAnswer, OptionReply } from "../negotiation.ts";
import { refusal } from "./refusal.ts";

/** By which replies name the context; where contexts are listed it is zero. */
export const ALLOCATION_CONTEXT_ID = 1;

export const listMetaContext: OptionAnswer = function* (negotiation, data) {
  const asked = judge(negotiation, data);
  if ("type" in asked) return yield asked;
  const { queries } = asked.request;
  const isListed = queries.length === 0 || queries.includes(BASE_NAMESPACE) ||
    queries.includes(ALLOCATION_CONTEXT);
  if (isListed) yield context(0);
  yield { type: ReplyType.ACK };
};

export const setMetaContext: OptionAnswer = function* (negotiation, data) {
  // What was chosen before is forgotten, even where this fails.
  negotiation.allocationOf = undefined;
  const asked = judge(negotiation, data);
  if ("type" in asked) return yield asked;
  // What is not known is passed over.
  if (asked.request.queries.includes(ALLOCATION_CONTEXT)) {
    negotiation.allocationOf = asked.export;
    yield context(ALLOCATION_CONTEXT_ID);
  }
  yield { type: ReplyType.ACK };
};

/** The request and the export it is about, or why it is refused. */
function judge(
  { exports, structuredReplies }: Negotiation,
  data: Uint8Array,
): OptionReply | { readonly request: ContextRequest; readonly export: Export } {
  if (!structuredReplies) {
    return refusal(ReplyType.ERR_INVALID, "structured replies come before contexts");
  }
  const request = parseContextRequest(data);
  if (request === undefined || !request.queries.every((query) => /^[^:]+:/.test(query))) {
    return refusal(ReplyType.ERR_INVALID, "the request does not hold together");
  }
  const asked = exports.find(request.exportName);
  if (asked === undefined) {
    return refusal(ReplyType.ERR_UNKNOWN, "there is no export of that name");
  }
  return { request, export: asked };
}

function context(id: number): OptionReply {
  const data = concatenated(u32Octets(id), textOctets(ALLOCATION_CONTEXT));
  return { type: ReplyType.META_CONTEXT, data };
}
