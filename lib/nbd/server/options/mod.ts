/** The options that are answered, a row each; `NBD_OPT_EXPORT_NAME` alone has no reply. */
import { Option } from "../../messages/option.ts";
import { ReplyType } from "../../messages/option_reply.ts";
import type { OptionAnswer } from "../negotiation.ts";
import { go, info } from "./info.ts";
import { list } from "./list.ts";
import { listMetaContext, setMetaContext } from "./meta_context.ts";
import { refusal } from "./refusal.ts";

const abort: OptionAnswer = function* (negotiation) {
  negotiation.aborted = true;
  yield { type: ReplyType.ACK };
};

const startTls: OptionAnswer = function* () {
  yield refusal(ReplyType.ERR_UNSUP, "no TLS is spoken here: use a Unix socket, or a tunnel");
};

const structuredReply: OptionAnswer = function* (negotiation, data) {
  if (data.length > 0) return yield refusal(ReplyType.ERR_INVALID, "this option takes no data");
  negotiation.structuredReplies = true;
  yield { type: ReplyType.ACK };
};

const unknown: OptionAnswer = function* () {
  yield refusal(ReplyType.ERR_UNSUP, "this option is not known here");
};

const stopping: OptionAnswer = function* () {
  yield refusal(ReplyType.ERR_SHUTDOWN, "the server is stopping");
};

const ANSWERS: ReadonlyMap<number, OptionAnswer> = new Map([
  [Option.ABORT, abort],
  [Option.LIST, list],
  [Option.STARTTLS, startTls],
  [Option.INFO, info],
  [Option.GO, go],
  [Option.STRUCTURED_REPLY, structuredReply],
  [Option.LIST_META_CONTEXT, listMetaContext],
  [Option.SET_META_CONTEXT, setMetaContext],
]);

export function answerTo(option: number, isStopping: boolean): OptionAnswer {
  if (isStopping && option !== Option.ABORT) return stopping;
  return ANSWERS.get(option) ?? unknown;
}
