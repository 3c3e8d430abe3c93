/** A message, which goes in one PDU or in several. RFC 4171 5.2. */
import { type Attribute, emitAttributes, parseAttributes } from "./attribute.ts";
import { isAnswer } from "./function_id.ts";
import { HEADER_LENGTH, MOST_PAYLOAD, PduHeader, VERSION } from "./header.ts";
import { IsnsFault } from "./isns_fault.ts";

export interface Message {
  readonly functionId: number;
  /** Answers have that of their question. RFC 4171 5.1.5. */
  readonly transactionId: number;
  /** The registration takes the place of what its key names. RFC 4171 5.6.5.1. */
  readonly replaces?: boolean;
  /** Of answers alone. RFC 4171 5.4. */
  readonly status?: number;
  readonly attributes: readonly Attribute[];
}

/** Octets of a status. */
const STATUS_LENGTH = 4;

/** The PDUs of a message, one behind the other. */
export function emitMessage(message: Message, from: "client" | "server"): Uint8Array {
  const payload = payloadOf(message);
  const count = Math.max(1, Math.ceil(payload.length / MOST_PAYLOAD));
  const octets = new Uint8Array(payload.length + count * HEADER_LENGTH);
  const header = new PduHeader(octets);
  for (let sequenceId = 0; sequenceId < count; sequenceId++) {
    const part = payload.subarray(sequenceId * MOST_PAYLOAD, (sequenceId + 1) * MOST_PAYLOAD);
    header.base = sequenceId * (HEADER_LENGTH + MOST_PAYLOAD);
    header.version = VERSION;
    header.functionId = message.functionId;
    header.payloadLength = part.length;
    header.isFromClient = from === "client";
    header.isFromServer = from === "server";
    header.replaces = message.replaces ?? false;
    header.isFirst = sequenceId === 0;
    header.isLast = sequenceId === count - 1;
    header.transactionId = message.transactionId;
    header.sequenceId = sequenceId;
    octets.set(part, header.base + HEADER_LENGTH);
  }
  return octets;
}

function payloadOf({ functionId, status = 0, attributes }: Message): Uint8Array {
  const emitted = emitAttributes(attributes);
  if (!isAnswer(functionId)) return emitted;
  const payload = new Uint8Array(STATUS_LENGTH + emitted.length);
  new DataView(payload.buffer).setUint32(0, status);
  payload.set(emitted, STATUS_LENGTH);
  return payload;
}

/** Reads the payload of a whole message. */
export function parseMessage(
  { functionId, transactionId, replaces }: Message,
  payload: Uint8Array,
  mostAttributes: number,
): Message {
  const head = { functionId, transactionId, replaces: replaces ?? false };
  if (!isAnswer(functionId)) {
    return { ...head, attributes: parseAttributes(payload, mostAttributes) };
  }
  if (payload.length < STATUS_LENGTH) throw new IsnsFault("an answer has no status", "5.4");
  const status = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  // What goes with a refusal is of no use, and not every server lays it out well.
  const rest = status === 0 ? payload.subarray(STATUS_LENGTH) : new Uint8Array(0);
  return { ...head, status, attributes: parseAttributes(rest, mostAttributes) };
}
