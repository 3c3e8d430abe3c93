/**
 * One connection as a protocol engine, for whoever is a client: requests leave and their answers
 * come, and what the server asks or tells meanwhile is answered. RFC 4171 2.9.1: both may use the
 * same connection, or the server makes one of its own.
 */
import type { Engine } from "../net/engine.ts";
import type { BufferPool } from "../wire/buffer_pool.ts";
import { Inbox } from "../wire/inbox.ts";
import { Outbox } from "../wire/outbox.ts";
import { answerTo, functionName, isAnswer } from "./function_id.ts";
import { IsnsFault } from "./isns_fault.ts";
import type { IsnsLimits } from "./limits.ts";
import { emitMessage, type Message } from "./message.ts";
import { MessageReader } from "./message_reader.ts";

export type Question = Pick<Message, "functionId" | "attributes" | "replaces">;

export interface ConversationOptions {
  readonly limits: IsnsLimits;
  readonly buffers: BufferPool;
  /** What the server asks or tells; answers the answer to it. */
  readonly onInquiry: (message: Message) => Message;
  /** Something has been laid out, or the state has changed: the pump looks again. */
  readonly wake: () => void;
}

const SMALL_INBOX_LENGTH = 4096;
const MOST_TRANSACTION_ID = 0xffff;

interface Waiting {
  readonly functionId: number;
  resolve(answer: Message): void;
  reject(error: Error): void;
}

export class Conversation implements Engine {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly isEnding = false;
  readonly #options: ConversationOptions;
  readonly #reader: MessageReader;
  readonly #waiting = new Map<number, Waiting>();
  /** What the outbox had no room for. */
  readonly #unsent: Uint8Array[] = [];
  #unsentLength = 0;
  #transactionId = 0;
  #closed: Error | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.inbox = new Inbox(SMALL_INBOX_LENGTH, options.buffers);
    this.inbox.borrows = false;
    this.outbox = new Outbox(options.buffers);
    this.#reader = new MessageReader(this.inbox, options.limits);
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Whoever asks and does not take the answers waits. */
  get isBlocked(): boolean {
    return this.#unsentLength > this.#options.limits.unsentLength;
  }

  /** Asks; resolves with the answer, whatever its status. */
  request(question: Question): Promise<Message> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (this.#waiting.size >= this.#options.limits.requests) {
      return Promise.reject(new IsnsFault("too many requests wait for their answers"));
    }
    const transactionId = this.#transactionId = this.#transactionId % MOST_TRANSACTION_ID + 1;
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    this.#waiting.set(transactionId, { functionId: question.functionId, resolve, reject });
    this.#send({ ...question, transactionId });
    this.#options.wake();
    return promise;
  }

  receive(): boolean {
    try {
      while (!this.isClosed && !this.isBlocked) {
        const message = this.#reader.next();
        if (message === undefined) return true;
        this.#take(message);
      }
      if (!this.isClosed) return false;
      this.inbox.take(this.inbox.available);
    } catch (error) {
      this.#close(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #take(message: Message): void {
    if (!isAnswer(message.functionId)) return this.#send(this.#options.onInquiry(message));
    const waiting = this.#waiting.get(message.transactionId);
    // RFC 4171 5.1.5: of a question that was given up, say.
    if (waiting === undefined) return;
    if (message.functionId !== answerTo(waiting.functionId)) {
      const [asked, got] = [waiting.functionId, message.functionId].map(functionName);
      throw new IsnsFault(`${asked} is answered by an answer to ${got}`, "5.1.5");
    }
    this.#waiting.delete(message.transactionId);
    waiting.resolve(message);
  }

  #send(message: Message): void {
    const octets = emitMessage(message, "client");
    this.#unsent.push(octets);
    this.#unsentLength += octets.length;
    this.#produce();
  }

  #produce(): void {
    while (this.#unsent.length > 0 && this.outbox.room > 0) {
      const first = this.#unsent[0]!;
      const part = first.subarray(0, this.outbox.room);
      const base = this.outbox.reserve(part.length, 0);
      this.outbox.octets.set(part, base);
      this.#unsentLength -= part.length;
      if (part.length === first.length) this.#unsent.shift();
      else this.#unsent[0] = first.subarray(part.length);
    }
  }

  drained(): void {
    this.outbox.drained();
    this.#produce();
  }

  close(reason: string): void {
    this.#close(new Error(reason));
  }

  #close(reason: Error): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    this.#unsent.length = this.#unsentLength = 0;
    this.#options.wake();
  }

  /** Why it is closed. */
  get reason(): string {
    return this.#closed?.message ?? "";
  }

  release(): void {
    this.inbox.close();
    this.outbox.close();
  }
}
