/** What a server asks a client, and tells it. RFC 4171 5.6.5.8, 5.6.5.13. */
import { type Attribute, empty } from "./attribute.ts";
import { answerTo, FunctionId } from "./function_id.ts";
import type { Message } from "./message.ts";
import { Status } from "./status.ts";

export interface InquiryListener {
  /** Whether we are there: whoever hears this has asked us, and we answer. */
  asked?(): void;
  /** Something has changed; what, is for us to ask, since anybody can tell us anything. */
  told?(): void;
}

/** The answer to what a server says. */
export function answerInquiry(message: Message, listener: InquiryListener): Message {
  const { functionId, transactionId, attributes } = message;
  const answer = (status: number, told: readonly Attribute[]): Message => ({
    functionId: answerTo(functionId),
    ...{ transactionId, status, attributes: told },
  });
  switch (functionId) {
    case FunctionId.ESI:
      listener.asked?.();
      // 5.7.5.13: the attributes of the question, in their order.
      return answer(Status.SUCCESSFUL, attributes);
    case FunctionId.SCN: {
      listener.told?.();
      // 5.7.5.8: whom it was sent to, who stands first in it.
      const destination = attributes.find(({ name }) => name === "iscsiName");
      return answer(Status.SUCCESSFUL, [destination ?? empty("iscsiName")]);
    }
    default:
      return answer(Status.MESSAGE_NOT_SUPPORTED, []);
  }
}
