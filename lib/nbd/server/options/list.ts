/** `NBD_OPT_LIST`: the exports that there are. */
import { concatenated, stringOctets, textOctets } from "../../messages/option_data.ts";
import { ReplyType } from "../../messages/option_reply.ts";
import type { OptionAnswer } from "../negotiation.ts";
import { refusal } from "./refusal.ts";

export const list: OptionAnswer = function* ({ exports }, data) {
  if (data.length > 0) return yield refusal(ReplyType.ERR_INVALID, "a list takes no data");
  for (const { name, description } of [...exports]) {
    const described = concatenated(stringOctets(name), textOctets(description));
    yield { type: ReplyType.SERVER, data: described };
  }
  yield { type: ReplyType.ACK };
};
