/** A device that fails and waits where it is told to, for tests and the simulator. */
import {
  type BlockDevice,
  type Capabilities,
  DeviceError,
  type DeviceErrorKind,
  type Extent,
} from "./device.ts";

export type Operation = "read" | "write" | "flush" | "unmap" | "extents";

/** What shall happen to one operation. */
export interface Fault {
  readonly operation: Operation;
  /** Which one counted from now, the next being 1. */
  readonly nth?: number;
  /** It fails with this kind, having done nothing but what `torn` says. */
  readonly kind?: DeviceErrorKind;
  /** It goes on when this resolves; `readNow` and `writeNow` answer false instead. */
  readonly until?: Promise<void>;
  /** A write that fails has done this many octets before. */
  readonly torn?: number;
}

interface Planned extends Fault {
  left: number;
}

export class FaultyDevice implements BlockDevice {
  /** Nothing is done at once: every transfer takes the asynchronous way. */
  neverNow = false;
  readonly #inner: BlockDevice;
  readonly #plans: Planned[] = [];

  /** Takes `inner` over: closing this closes it. */
  constructor(inner: BlockDevice) {
    this.#inner = inner;
  }

  get size(): number {
    return this.#inner.size;
  }

  get can(): Capabilities {
    return this.#inner.can;
  }

  /** Plans a fault. When several fall on one operation, the one planned first is taken. */
  inject(fault: Fault): void {
    this.#plans.push({ ...fault, left: fault.nth ?? 1 });
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    if (this.#mustWait("read")) return false;
    const fault = this.#take("read");
    if (fault?.kind !== undefined) throw failure(fault.kind, "read");
    return this.#inner.readNow(offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    if (this.#mustWait("write")) return false;
    const fault = this.#take("write");
    if (fault?.kind === undefined) return this.#inner.writeNow(offset, from, at, length);
    if (fault.torn !== undefined) this.#inner.writeNow(offset, from, at, fault.torn);
    throw failure(fault.kind, "write");
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await this.#suffer("read");
    await this.#inner.read(offset, into, at, length);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    await this.#suffer("write", (torn) => this.#inner.write(offset, from, at, torn));
    await this.#inner.write(offset, from, at, length);
  }

  async flush(): Promise<void> {
    await this.#suffer("flush");
    await this.#inner.flush();
  }

  async unmap(offset: number, length: number): Promise<void> {
    await this.#suffer("unmap");
    await this.#inner.unmap(offset, length);
  }

  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    await this.#suffer("extents");
    return await this.#inner.extents(offset, length, limit);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #suffer(operation: Operation, tear?: (octets: number) => Promise<void>): Promise<void> {
    const fault = this.#take(operation);
    if (fault === undefined) return;
    await fault.until;
    if (fault.kind === undefined) return;
    if (fault.torn !== undefined) await tear?.(fault.torn);
    throw failure(fault.kind, operation);
  }

  /** Looks without counting: the asynchronous call that follows is the operation. */
  #mustWait(operation: Operation): boolean {
    if (this.neverNow) return true;
    return this.#plans.some((plan) =>
      plan.operation === operation && plan.left === 1 && plan.until !== undefined
    );
  }

  /** Counts one operation, and answers the fault that falls on it. */
  #take(operation: Operation): Fault | undefined {
    let fault: Planned | undefined;
    for (const plan of this.#plans) {
      if (plan.operation !== operation || --plan.left > 0) continue;
      fault ??= plan;
    }
    if (fault === undefined) return undefined;
    // Plans that fell on the same operation are spent with it.
    for (let i = this.#plans.length - 1; i >= 0; i--) {
      if (this.#plans[i]!.left <= 0) this.#plans.splice(i, 1);
    }
    return fault;
  }
}

function failure(kind: DeviceErrorKind, operation: Operation): DeviceError {
  return new DeviceError(kind, `the ${operation} was made to fail (${kind})`);
}
