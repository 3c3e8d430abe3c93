/** Lays requests out in an outbox, their data in as many pieces as there is room for. */
import type { Outbox } from "../../wire/outbox.ts";
import { Request, REQUEST_MAGIC } from "../messages/request.ts";
import type { Operation } from "./operation.ts";

// Of all connections: one of its own would keep the large buffer that it was last laid upon.
const header = new Request();

export class RequestWriter {
  readonly #outbox: Outbox;
  /** Requests that have not been laid out wholly, the next one first. */
  readonly #unsent: { readonly operation: Operation; readonly cookie: Cookie }[] = [];
  #isBegun = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  add(operation: Operation, cookie: Cookie): void {
    this.#unsent.push({ operation, cookie });
  }

  /** Lays out what there is room for. */
  produce(): void {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const { operation, cookie } = next;
      if (!this.#isBegun) {
        if (this.#outbox.room < Request.length) return;
        this.#begin(operation, cookie);
      }
      const left = operation.payloadLength - operation.laidOut;
      const length = Math.min(left, this.#outbox.room);
      if (length > 0) this.#payload(operation, length);
      if (length < left) return;
      this.#isBegun = false;
      this.#unsent.shift();
    }
  }

  #begin(operation: Operation, cookie: Cookie): void {
    header.base = this.#outbox.reserve(Request.length, Request.length);
    header.view = this.#outbox.view;
    header.magic = REQUEST_MAGIC;
    header.flags = operation.flags;
    header.type = operation.type;
    header.cookieHigh = cookie.high;
    header.cookieLow = cookie.low;
    header.offset = operation.offset;
    header.length = operation.length;
    this.#isBegun = true;
  }

  #payload(operation: Operation, length: number): void {
    const at = this.#outbox.reserve(length, 0);
    const from = operation.at + operation.laidOut;
    this.#outbox.octets.set(operation.buffer.subarray(from, from + length), at);
    operation.laidOut += length;
  }
}

/** By which the server names the request in its replies. */
export interface Cookie {
  readonly high: number;
  readonly low: number;
}
