/** Stands where a disk should be that could not be opened: it has its size, and does nothing. */
import { type BlockDevice, DeviceError, type Extent } from "../block/device.ts";

export class AbsentDevice implements BlockDevice {
  readonly can = { write: false, unmap: false } as const;

  constructor(readonly size: number, readonly reason: string) {}

  readNow(): boolean {
    throw this.#gone();
  }

  writeNow(): boolean {
    throw this.#gone();
  }

  read(): Promise<void> {
    return Promise.reject(this.#gone());
  }

  write(): Promise<void> {
    return Promise.reject(this.#gone());
  }

  flush(): Promise<void> {
    return Promise.reject(this.#gone());
  }

  unmap(): Promise<void> {
    return Promise.reject(this.#gone());
  }

  extents(): Promise<Extent[]> {
    return Promise.reject(this.#gone());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #gone(): DeviceError {
    return new DeviceError("gone", this.reason);
  }
}
