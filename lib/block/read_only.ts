/** A device that nothing can write to, whatever the one inside allows. */
import { type BlockDevice, type Capabilities, DeviceError, type Extent } from "./device.ts";

export class ReadOnlyDevice implements BlockDevice {
  readonly can: Capabilities;
  readonly #inner: BlockDevice;

  /** Takes `inner` over: closing this closes it. */
  constructor(inner: BlockDevice) {
    this.#inner = inner;
    this.can = { write: false, unmap: inner.can.unmap };
  }

  get size(): number {
    return this.#inner.size;
  }

  get trouble(): string | undefined {
    return this.#inner.trouble;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    return this.#inner.readNow(offset, into, at, length);
  }

  read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    return this.#inner.read(offset, into, at, length);
  }

  writeNow(): boolean {
    throw refusal();
  }

  write(): Promise<void> {
    return Promise.reject(refusal());
  }

  unmap(): Promise<void> {
    return Promise.reject(refusal());
  }

  flush(): Promise<void> {
    return this.#inner.flush();
  }

  extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    return this.#inner.extents(offset, length, limit);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

function refusal(): DeviceError {
  return new DeviceError("read-only", "the device is served read-only");
}
