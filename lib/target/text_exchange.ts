/**
 * Text Requests and Responses in full feature phase: discovery, and the few keys that may be said
 * anew. RFC 7143 11.10, 11.11. One exchange at a time; a new one takes the place of one not ended.
 */
import { RESERVED_TAG } from "../iscsi/bhs.ts";
import {
  beginNegotiation,
  negotiate,
  type Negotiation,
  renegotiate,
} from "../iscsi/negotiation.ts";
import { Opcode } from "../iscsi/opcode.ts";
import { RejectReason } from "../iscsi/pdu/reject.ts";
import type { TextRequest } from "../iscsi/pdu/text_request.ts";
import { TextResponse } from "../iscsi/pdu/text_response.ts";
import { KeyValueFault, type Pair } from "../wire/key_values.ts";
import type { View } from "../wire/layout.ts";
import { loginPolicy } from "./login_policy.ts";
import type { PduWriter } from "../iscsi/pdu_writer.ts";
import { ANSWERS_OF_A_PDU } from "./outbox_room.ts";
import { type DiscoveryRequest, sendTargets } from "./send_targets.ts";
import { TextCollector } from "../iscsi/text_collector.ts";
import { TextPieces } from "../iscsi/text_pieces.ts";

/** Octets of one response for which there is always room. */
const SURE_OCTETS = 8192;

/** What the connection numbers its responses with. */
export interface ResponseNumbers {
  /** The StatSN of a response, which uses it up. */
  takeStatSN(): number;
  readonly expCmdSN: number;
  readonly maxCmdSN: number;
}

export interface TextExchangeOptions extends DiscoveryRequest {
  readonly writer: PduWriter;
  /** The longest data segment that the initiator takes. RFC 7143 13.12. */
  readonly peerMaxRecvDataSegmentLength: number;
  /** It said so anew. */
  readonly onPeerMaxRecvDataSegmentLength?: (length: number) => void;
}

type TextRequestView = View<typeof TextRequest.fields>;

/** An exchange under way. */
interface Exchange {
  readonly initiatorTaskTag: number;
  readonly targetTransferTag: number;
  readonly collector: TextCollector;
  negotiation: Negotiation;
  /** An answer that did not fit in one response. */
  pieces: TextPieces | undefined;
}

export class TextExchange {
  readonly #options: TextExchangeOptions;
  #peerMaxRecvDataSegmentLength: number;
  #exchange: Exchange | undefined;

  constructor(options: TextExchangeOptions) {
    this.#options = options;
    this.#peerMaxRecvDataSegmentLength = options.peerMaxRecvDataSegmentLength;
  }

  /** Deals with one request: lays out its response, or says why it is to be rejected. */
  receive(
    request: TextRequestView,
    data: Uint8Array,
    numbers: ResponseNumbers,
  ): RejectReason | undefined {
    const exchange = this.#exchangeOf(request);
    if (typeof exchange === "number") return exchange;
    const reason = this.#take(exchange, request, data);
    if (reason !== undefined) {
      this.#exchange = undefined; // 6.2: what was agreed before stays
      return reason;
    }
    this.#respond(exchange, request, numbers);
    return undefined;
  }

  /** The exchange that the request belongs to, or begins. */
  #exchangeOf(request: TextRequestView): Exchange | RejectReason {
    const { initiatorTaskTag, targetTransferTag } = request;
    if (initiatorTaskTag === RESERVED_TAG) return RejectReason.INVALID_PDU_FIELD;
    const current = this.#exchange;
    if (targetTransferTag === RESERVED_TAG) return this.#exchange = this.#begin(initiatorTaskTag);
    if (
      current?.targetTransferTag === targetTransferTag &&
      current.initiatorTaskTag === initiatorTaskTag
    ) return current;
    return RejectReason.PROTOCOL_ERROR;
  }

  #begin(initiatorTaskTag: number): Exchange {
    const { node, session } = this.#options;
    const negotiation = beginNegotiation("target", session.parameters);
    return {
      initiatorTaskTag,
      targetTransferTag: session.takeTargetTransferTag(),
      collector: new TextCollector(node.limits.textLength),
      negotiation: renegotiate({
        ...negotiation,
        sessionType: session.isDiscovery ? "Discovery" : "Normal",
        connection: {
          ...negotiation.connection,
          peerMaxRecvDataSegmentLength: this.#peerMaxRecvDataSegmentLength,
        },
      }),
      pieces: undefined,
    };
  }

  /** Takes what a request says; afterwards `pieces` is what there is to answer. */
  #take(
    exchange: Exchange,
    request: TextRequestView,
    data: Uint8Array,
  ): RejectReason | undefined {
    // 11.10.2: who has more to say is not done
    if (request.final && request.continue) return RejectReason.PROTOCOL_ERROR;
    if (exchange.pieces !== undefined) {
      // 11.11.2: until the end of our answer the initiator sends nothing
      return data.length === 0 && !request.continue ? undefined : RejectReason.PROTOCOL_ERROR;
    }
    if (request.continue) {
      return exchange.collector.add(data) ? undefined : RejectReason.PROTOCOL_ERROR;
    }
    const pairs = exchange.collector.take(data);
    if (pairs instanceof KeyValueFault) return RejectReason.PROTOCOL_ERROR;
    const policy = loginPolicy(this.#options.node.limits);
    const { negotiation, answers, others, error } = negotiate(exchange.negotiation, pairs, policy);
    if (error !== undefined) return RejectReason.PROTOCOL_ERROR;
    const lists = this.#listsFor(others);
    if (lists === undefined) return RejectReason.PROTOCOL_ERROR;
    exchange.negotiation = negotiation;
    exchange.pieces = new TextPieces(inTurn([answers, ...lists]));
    return undefined;
  }

  /** The answers to SendTargets, the only such key that may come here. */
  #listsFor(others: readonly Pair[]): readonly Iterable<Pair>[] | undefined {
    const lists: Iterable<Pair>[] = [];
    for (const [key, value] of others) {
      const list = key === "SendTargets" ? sendTargets(this.#options, value) : undefined;
      if (list === undefined) return undefined;
      lists.push(list);
    }
    return lists;
  }

  #respond(exchange: Exchange, request: TextRequestView, numbers: ResponseNumbers): void {
    // As much as there is room for: libiscsi, and so qemu, take no answer in several pieces.
    const { writer } = this.#options;
    const room = Math.max(SURE_OCTETS, writer.dataRoom(writer.room - ANSWERS_OF_A_PDU));
    const text = exchange.pieces?.take(Math.min(this.#peerMaxRecvDataSegmentLength, room)) ??
      new Uint8Array(0);
    const hasMore = exchange.pieces?.isDone === false;
    if (!hasMore) exchange.pieces = undefined;
    // 11.11.1: F ends the exchange, if the initiator wants to end it too
    const isFinal = request.final && !hasMore;
    const base = writer.reserve(text.length);
    const response = new TextResponse(writer.octets, base);
    response.opcode = Opcode.TEXT_RESPONSE;
    response.final = isFinal;
    response.continue = hasMore;
    response.initiatorTaskTag = exchange.initiatorTaskTag;
    response.targetTransferTag = isFinal ? RESERVED_TAG : exchange.targetTransferTag;
    response.statSN = numbers.takeStatSN();
    response.expCmdSN = numbers.expCmdSN;
    response.maxCmdSN = numbers.maxCmdSN;
    writer.octets.set(text, writer.dataAt(base));
    writer.seal(base);
    if (isFinal) this.#end(exchange);
  }

  /** What was declared in the exchange holds from now on. */
  #end({ negotiation }: Exchange): void {
    this.#exchange = undefined;
    const { peerMaxRecvDataSegmentLength } = negotiation.connection;
    if (peerMaxRecvDataSegmentLength === this.#peerMaxRecvDataSegmentLength) return;
    this.#peerMaxRecvDataSegmentLength = peerMaxRecvDataSegmentLength;
    this.#options.onPeerMaxRecvDataSegmentLength?.(peerMaxRecvDataSegmentLength);
  }
}

function* inTurn(lists: readonly Iterable<Pair>[]): Generator<Pair> {
  for (const list of lists) yield* list;
}
