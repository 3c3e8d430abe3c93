/**
 * A device that can be exchanged while it is used: whoever transfers meanwhile waits, and goes on
 * with the next one.
 */
import {
  type BlockDevice,
  type Capabilities,
  DeviceError,
  type Extent,
  type GrowOptions,
} from "./device.ts";
import { InFlight } from "./in_flight.ts";

/** Why a look at a device was called off: what is to be seen is another one now. */
export class DeviceExchanged extends Error {
  override readonly name = "DeviceExchanged";
  override readonly message = "the device has been exchanged";
}

export class ExchangeableDevice implements BlockDevice {
  #inner: BlockDevice;
  /** Settled when there is a device again; undefined while there is one. */
  #halted: PromiseWithResolvers<void> | undefined;
  readonly #inFlight = new InFlight();
  /** Those who look at the device, each with what calls it off. */
  readonly #looks = new Map<AbortController, Promise<unknown>>();

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

  get trouble(): string | undefined {
    return this.#inner.trouble;
  }

  /** Whether the device that is there now can grow. */
  get grows(): boolean {
    return this.#inner.grow !== undefined;
  }

  /** Whether there is no device now, and whoever comes waits. */
  get isHalted(): boolean {
    return this.#halted !== undefined;
  }

  /**
   * Has `look` see the device that is there now. It is called off, with that reason, before the
   * device is closed: nobody who transfers waits for it.
   */
  async look<T>(look: (inner: BlockDevice, signal: AbortSignal) => Promise<T>): Promise<T> {
    while (this.#halted !== undefined) await this.#halted.promise;
    const controller = new AbortController();
    const looking = look(this.#inner, controller.signal);
    this.#looks.set(controller, looking.catch(() => undefined));
    try {
      return await looking;
    } finally {
      this.#looks.delete(controller);
    }
  }

  /** Ends whatever looks at the device. */
  async callOffLooks(reason: unknown): Promise<void> {
    for (const controller of this.#looks.keys()) controller.abort(reason);
    await Promise.all(this.#looks.values());
  }

  /** Flushes, lets what is under way end, and closes the device. What comes now waits. */
  async halt(): Promise<void> {
    await this.callOffLooks(new DeviceExchanged());
    // Most of what the closing would have to wait for, while others still go on.
    await this.#inner.flush();
    this.#halted = Promise.withResolvers();
    await this.#inFlight.idle();
    await this.#inner.close();
  }

  /** Goes on with `inner`, which is taken over. */
  resume(inner: BlockDevice): void {
    this.#inner = inner;
    const halted = this.#halted;
    this.#halted = undefined;
    halted?.resolve();
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    return this.#halted === undefined && this.#inner.readNow(offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    return this.#halted === undefined && this.#inner.writeNow(offset, from, at, length);
  }

  read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    return this.#during((inner) => inner.read(offset, into, at, length));
  }

  write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    return this.#during((inner) => inner.write(offset, from, at, length));
  }

  flush(): Promise<void> {
    return this.#during((inner) => inner.flush());
  }

  unmap(offset: number, length: number): Promise<void> {
    return this.#during((inner) => inner.unmap(offset, length));
  }

  extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    return this.#during((inner) => inner.extents(offset, length, limit));
  }

  /** Only where {@link grows} says so. */
  grow(size: number, options?: GrowOptions): Promise<void> {
    return this.#during((inner) => inner.grow!(size, options));
  }

  async close(): Promise<void> {
    await this.#halted?.promise;
    await this.callOffLooks(new DeviceError("gone", "the disk was closed"));
    await this.#inner.close();
  }

  async #during<T>(work: (inner: BlockDevice) => Promise<T>): Promise<T> {
    while (this.#halted !== undefined) await this.#halted.promise;
    return await this.#inFlight.during(() => work(this.#inner));
  }
}
