/**
 * The handshake: the greeting, then options until one of them ends it. It touches no device.
 * doc/proto.md, "Handshake".
 */
import type { Inbox } from "../../wire/inbox.ts";
import type { Outbox } from "../../wire/outbox.ts";
import { ExportNameReply, RESERVED_ZEROES } from "../messages/export_info.ts";
import {
  ClientFlag,
  ClientGreeting,
  Greeting,
  HandshakeFlag,
  NBD_MAGIC,
  OPTION_MAGIC,
} from "../messages/greeting.ts";
import { Option, OptionHeader } from "../messages/option.ts";
import { OptionData } from "../messages/option_data.ts";
import { OPTION_REPLY_MAGIC, OptionReplyHeader } from "../messages/option_reply.ts";
import { ProtocolFault } from "../protocol_fault.ts";
import type { Export } from "./export.ts";
import type { Negotiation, OptionReply } from "./negotiation.ts";
import { answerTo } from "./options/mod.ts";

/** Left free for one reply, before one more option is looked at. */
const REPLY_ROOM = 8 << 10;

/** What the client has chosen: the handshake is over. */
export interface Choice {
  readonly export: Export;
  readonly structuredReplies: boolean;
  /** The client may ask for the allocation of ranges. */
  readonly tellsAllocation: boolean;
}

/** The replies to one option that have not been laid out yet. */
interface Answering {
  readonly option: number;
  readonly replies: Generator<OptionReply, void>;
  next: OptionReply | undefined;
}

export class Handshake {
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #negotiation: Negotiation;
  #clientFlags: number | undefined;
  #answering: Answering | undefined;
  #optionCount = 0;
  #choice: Choice | undefined;
  /** Options are answered with that, until the client goes. */
  isStopping = false;

  constructor(inbox: Inbox, outbox: Outbox, negotiation: Negotiation) {
    this.#inbox = inbox;
    this.#outbox = outbox;
    this.#negotiation = negotiation;
  }

  greet(): void {
    const base = this.#outbox.reserve(Greeting.length, Greeting.length);
    const greeting = new Greeting(this.#outbox.octets, base);
    greeting.nbdMagic = NBD_MAGIC;
    greeting.optionMagic = OPTION_MAGIC;
    greeting.handshakeFlags = HandshakeFlag.FIXED_NEWSTYLE | HandshakeFlag.NO_ZEROES;
  }

  /** Set when the transmission phase begins. */
  get choice(): Choice | undefined {
    return this.#choice;
  }

  /** The client has said that it goes, and has been told that this is heard. */
  get isAborted(): boolean {
    return this.#negotiation.aborted && this.#answering === undefined;
  }

  /** Replies wait for room: the next option is not looked at. */
  get isBlocked(): boolean {
    const { length, room } = this.#outbox;
    return this.#answering !== undefined || (length > 0 && room < REPLY_ROOM);
  }

  /** Deals with one message; false: it is not whole. */
  receive(): boolean {
    return this.#clientFlags === undefined ? this.#receiveGreeting() : this.#receiveOption();
  }

  #receiveGreeting(): boolean {
    const { available, octets, start } = this.#inbox;
    if (available < ClientGreeting.length) return false;
    const { clientFlags } = new ClientGreeting(octets, start);
    // "Client flags": one that is not known ends the connection.
    if ((clientFlags & ~(ClientFlag.FIXED_NEWSTYLE | ClientFlag.NO_ZEROES)) !== 0) {
      throw new ProtocolFault(`client flags 0x${clientFlags.toString(16)}`);
    }
    this.#clientFlags = clientFlags;
    this.#inbox.take(ClientGreeting.length);
    return true;
  }

  #receiveOption(): boolean {
    const inbox = this.#inbox;
    if (inbox.available < OptionHeader.length) return false;
    const { optionMagic, option, dataLength } = new OptionHeader(inbox.octets, inbox.start);
    if (optionMagic !== OPTION_MAGIC) throw new ProtocolFault("an option without its magic");
    const { optionLength, optionsOfHandshake } = this.#negotiation.limits;
    if (dataLength > optionLength) {
      throw new ProtocolFault(`an option with ${dataLength} octets of data`);
    }
    const length = OptionHeader.length + dataLength;
    if (inbox.available < length) {
      inbox.require(length);
      return false;
    }
    if (++this.#optionCount > optionsOfHandshake) throw new ProtocolFault("too many options");
    const dataAt = inbox.start + OptionHeader.length;
    this.#answer(option, inbox.octets.subarray(dataAt, dataAt + dataLength));
    inbox.take(length);
    return true;
  }

  #answer(option: number, data: Uint8Array): void {
    if (option === Option.EXPORT_NAME) return this.#enterByName(data);
    const replies = answerTo(option, this.isStopping)(this.#negotiation, data);
    this.#answering = { option, replies, next: replies.next().value ?? undefined };
    this.produce();
  }

  /** Lays out the replies for which there is room. */
  produce(): void {
    const answering = this.#answering;
    if (answering === undefined) return;
    for (; answering.next !== undefined; answering.next = answering.replies.next().value!) {
      const { type, data } = answering.next;
      const length = OptionReplyHeader.length + (data?.length ?? 0);
      if (length > this.#outbox.room) return;
      const base = this.#outbox.reserve(length, OptionReplyHeader.length);
      const header = new OptionReplyHeader(this.#outbox.octets, base);
      header.magic = OPTION_REPLY_MAGIC;
      header.option = answering.option;
      header.type = type;
      header.dataLength = data?.length ?? 0;
      if (data !== undefined) this.#outbox.octets.set(data, base + OptionReplyHeader.length);
    }
    this.#answering = undefined;
    const { chosen } = this.#negotiation;
    if (chosen !== undefined) this.#enter(chosen);
  }

  /** `NBD_OPT_EXPORT_NAME` knows no refusal but the end of the connection. */
  #enterByName(data: Uint8Array): void {
    const name = new OptionData(data).text(data.length);
    const asked = name === undefined ? undefined : this.#negotiation.exports.find(name);
    if (asked === undefined) throw new ProtocolFault("an export that there is not");
    if (this.isStopping) throw new ProtocolFault("the server is stopping");
    if (!this.#negotiation.hasPlace) throw new ProtocolFault("too many clients");
    const zeroes = (this.#clientFlags! & ClientFlag.NO_ZEROES) === 0 ? RESERVED_ZEROES : 0;
    const length = ExportNameReply.length + zeroes;
    const reply = new ExportNameReply(this.#outbox.octets);
    reply.base = this.#outbox.reserve(length, length);
    reply.view = this.#outbox.view;
    reply.size = asked.size;
    reply.transmissionFlags = asked.transmissionFlags(this.#negotiation.structuredReplies);
    this.#enter(asked);
  }

  #enter(chosen: Export): void {
    const { exports, structuredReplies, allocationOf } = this.#negotiation;
    // It may have gone while the replies waited for room.
    if (exports.find(chosen.name) !== chosen) throw new ProtocolFault("the export has gone");
    // A context that was chosen for another export means nothing here.
    const tellsAllocation = allocationOf === chosen;
    this.#choice = { export: chosen, structuredReplies, tellsAllocation };
  }
}
