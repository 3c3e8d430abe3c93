/** `NBD_OPT_INFO` and `NBD_OPT_GO`: what an export is like, and entering it. */
import { BlockSizeInfo, ExportInfo, InfoType } from "../../messages/export_info.ts";
import { parseInfoRequest } from "../../messages/info_request.ts";
import { concatenated, textOctets, u16Octets } from "../../messages/option_data.ts";
import { ReplyType } from "../../messages/option_reply.ts";
import type { Export } from "../export.ts";
import type { Negotiation, OptionAnswer, OptionReply } from "../negotiation.ts";
import { refusal } from "./refusal.ts";

export const info: OptionAnswer = function* (negotiation, data) {
  if (yield* describe(negotiation, data)) yield { type: ReplyType.ACK };
};

export const go: OptionAnswer = function* (negotiation, data) {
  if (!negotiation.hasPlace) {
    return yield refusal(ReplyType.ERR_POLICY, "the server has as many clients as it takes");
  }
  const chosen = yield* describe(negotiation, data);
  if (chosen === undefined) return;
  negotiation.chosen = chosen;
  yield { type: ReplyType.ACK };
};

/** Tells what was asked for; the export, unless it was refused. */
function* describe(
  negotiation: Negotiation,
  data: Uint8Array,
): Generator<OptionReply, Export | undefined> {
  const request = parseInfoRequest(data);
  if (request === undefined) {
    yield refusal(ReplyType.ERR_INVALID, "the request does not hold together");
    return undefined;
  }
  const asked = negotiation.exports.find(request.exportName);
  if (asked === undefined) {
    yield refusal(ReplyType.ERR_UNKNOWN, "there is no export of that name");
    return undefined;
  }
  yield exportInfo(asked, negotiation.structuredReplies);
  // Told unasked where it is not what a client that does not ask takes for granted.
  const isTold = request.requests.includes(InfoType.BLOCK_SIZE) || asked.minimumBlockLength > 1;
  if (isTold) yield blockSizeInfo(asked, negotiation.limits.payloadLength);
  for (const type of [InfoType.NAME, InfoType.DESCRIPTION] as const) {
    if (!request.requests.includes(type)) continue;
    const text = type === InfoType.NAME ? asked.name : asked.description;
    yield { type: ReplyType.INFO, data: concatenated(u16Octets(type), textOctets(text)) };
  }
  return asked;
}

function exportInfo(asked: Export, structuredReplies: boolean): OptionReply {
  const data = new Uint8Array(ExportInfo.length);
  const view = new ExportInfo(data);
  view.type = InfoType.EXPORT;
  view.size = asked.size;
  view.transmissionFlags = asked.transmissionFlags(structuredReplies);
  return { type: ReplyType.INFO, data };
}

function blockSizeInfo(asked: Export, payloadLength: number): OptionReply {
  const data = new Uint8Array(BlockSizeInfo.length);
  const view = new BlockSizeInfo(data);
  view.type = InfoType.BLOCK_SIZE;
  view.minimumBlockSize = asked.minimumBlockLength;
  view.preferredBlockSize = asked.preferredBlockLength;
  view.maximumPayloadSize = payloadLength;
  return { type: ReplyType.INFO, data };
}
