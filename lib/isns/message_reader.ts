/** Puts messages together from the PDUs in an inbox. RFC 4171 5.2. */
import type { Inbox } from "../wire/inbox.ts";
import { HEADER_LENGTH, PduHeader, VERSION } from "./header.ts";
import { IsnsFault } from "./isns_fault.ts";
import type { IsnsLimits } from "./limits.ts";
import { type Message, parseMessage } from "./message.ts";

/**
 * RFC 4171 5.5: a signature says how long it is, this field included, in its second four octets.
 * It is not verified, since it is for messages to many; it is read past.
 */
const SIGNATURE_HEAD = 8;
const MOST_SIGNATURE = 4096;

/** The message of which some PDUs are here. */
interface Unfinished {
  readonly head: Message;
  readonly parts: Uint8Array[];
  length: number;
}

export class MessageReader {
  readonly #inbox: Inbox;
  readonly #limits: IsnsLimits;
  readonly #header = new PduHeader();
  #unfinished: Unfinished | undefined;

  constructor(inbox: Inbox, limits: IsnsLimits) {
    this.#inbox = inbox;
    this.#limits = limits;
  }

  /** The next whole message; undefined where more has to come first. */
  next(): Message | undefined {
    for (;;) {
      const length = this.#locate();
      if (length === undefined) return undefined;
      const message = this.#takePdu();
      this.#inbox.take(length);
      this.#inbox.rest();
      if (message !== undefined) return message;
    }
  }

  /** Octets of the PDU in front; undefined where it is not whole yet. */
  #locate(): number | undefined {
    const inbox = this.#inbox;
    if (inbox.available < HEADER_LENGTH) return this.#await(HEADER_LENGTH);
    const header = this.#header;
    header.view = inbox.view;
    header.base = inbox.start;
    if (header.version !== VERSION) {
      throw new IsnsFault(`version ${header.version} is none of iSNS`, "5.1.1");
    }
    if (header.payloadLength % 4 !== 0) throw new IsnsFault("a PDU is not aligned", "5.1.3");
    const length = HEADER_LENGTH + header.payloadLength;
    if (!header.isSigned) return this.#whole(length);
    if (inbox.available < length + SIGNATURE_HEAD) return this.#await(length + SIGNATURE_HEAD);
    const signature = inbox.view.getUint32(inbox.start + length + 4);
    if (signature < SIGNATURE_HEAD || signature > MOST_SIGNATURE) {
      throw new IsnsFault(`a signature of ${signature} octets`, "5.5");
    }
    return this.#whole(length + signature);
  }

  #whole(length: number): number | undefined {
    return this.#inbox.available < length ? this.#await(length) : length;
  }

  #await(length: number): undefined {
    this.#inbox.require(length);
    return undefined;
  }

  #takePdu(): Message | undefined {
    const { functionId, transactionId, replaces, sequenceId, isFirst, isLast, payloadLength } =
      this.#header;
    if (isFirst !== (sequenceId === 0)) {
      throw new IsnsFault(`PDU ${sequenceId} says that it is ${isFirst ? "" : "not "}first`, "5.2");
    }
    if (isFirst !== (this.#unfinished === undefined)) {
      throw new IsnsFault("a message begins before the last one ends", "5.2");
    }
    const unfinished = this.#unfinished ??= {
      head: { functionId, transactionId, replaces, attributes: [] },
      parts: [],
      length: 0,
    };
    const { head, parts } = unfinished;
    const isNext = functionId === head.functionId && transactionId === head.transactionId &&
      sequenceId === parts.length;
    if (!isNext) throw new IsnsFault("a PDU belongs to no message", "5.2");
    unfinished.length += payloadLength;
    const { messageLength, messagePdus, attributes } = this.#limits;
    if (unfinished.length > messageLength || parts.length === messagePdus) {
      throw new IsnsFault(`a message has more than ${messageLength} octets`);
    }
    const at = this.#inbox.start + HEADER_LENGTH;
    parts.push(this.#inbox.octets.slice(at, at + payloadLength));
    if (!isLast) return undefined;
    this.#unfinished = undefined;
    return parseMessage(head, joined(parts, unfinished.length), attributes);
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
