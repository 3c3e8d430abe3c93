/**
 * A disk as programs of this machine have it: one medium with what initiators have, so that a flush
 * that failed for the one ends the writes of both.
 */
import { type BlockDevice, type Capabilities, DeviceError, type Extent } from "../block/device.ts";
import type { LogicalUnit } from "../scsi/logical_unit.ts";

export class AttachedDevice implements BlockDevice {
  readonly #unit: LogicalUnit;

  /** The unit's device stays its own: closing this flushes it. */
  constructor(unit: LogicalUnit) {
    this.#unit = unit;
  }

  get size(): number {
    return this.#unit.device.size;
  }

  get can(): Capabilities {
    return this.#unit.device.can;
  }

  get trouble(): string | undefined {
    return this.#unit.fenced ?? this.#unit.device.trouble;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    return this.#unit.device.readNow(offset, into, at, length);
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    this.#requireUnfenced();
    return this.#unit.device.writeNow(offset, from, at, length);
  }

  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    await this.#unit.device.read(offset, into, at, length);
  }

  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.#requireUnfenced();
    await this.#unit.device.write(offset, from, at, length);
  }

  async flush(): Promise<void> {
    this.#requireUnfenced();
    try {
      await this.#unit.device.flush();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#unit.fence(
        `a flush failed (${error.message}); check the medium, then open the disk anew`,
      );
    }
    // One that ran beside it may have failed: what that lost may be what is asked for here.
    this.#requireUnfenced();
  }

  async unmap(offset: number, length: number): Promise<void> {
    this.#requireUnfenced();
    await this.#unit.device.unmap(offset, length);
  }

  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    return await this.#unit.device.extents(offset, length, limit);
  }

  async close(): Promise<void> {
    await this.flush();
  }

  #requireUnfenced(): void {
    const { fenced } = this.#unit;
    if (fenced !== undefined) throw new DeviceError("fenced", fenced);
  }
}
