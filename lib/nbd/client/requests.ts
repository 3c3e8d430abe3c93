/** The requests of a connection that wait for their replies, by their cookies. */
import { ProtocolFault } from "../protocol_fault.ts";
import type { Operation } from "./operation.ts";
import type { Cookie } from "./request_writer.ts";

interface Slot {
  operation: Operation | undefined;
  /** Raised with each use, so that a reply to an earlier one finds nothing. */
  use: number;
}

export class Requests {
  readonly #slots: Slot[] = [];
  readonly #free: number[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#slots.length - this.#free.length;
  }

  get isFull(): boolean {
    return this.count >= this.#most;
  }

  add(operation: Operation): Cookie {
    const low = this.#free.pop() ?? this.#slots.push({ operation: undefined, use: 0 }) - 1;
    const slot = this.#slots[low]!;
    slot.operation = operation;
    slot.use = (slot.use + 1) >>> 0;
    return { high: slot.use, low };
  }

  find(high: number, low: number): Operation {
    const slot = this.#slots[low];
    if (slot?.operation === undefined || slot.use !== high) {
      throw new ProtocolFault("a reply to what was not asked");
    }
    return slot.operation;
  }

  remove(low: number): void {
    this.#slots[low]!.operation = undefined;
    this.#free.push(low);
  }
}
