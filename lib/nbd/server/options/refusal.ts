/** An error reply, with what goes with it to people. */
import { textOctets } from "../../messages/option_data.ts";
import type { ReplyType } from "../../messages/option_reply.ts";
import type { OptionReply } from "../negotiation.ts";

export function refusal(type: ReplyType, text: string): OptionReply {
  return { type, data: textOctets(text) };
}
