/** A device under the name by which clients ask for it. */
import { type BlockDevice, DeviceError } from "../../block/device.ts";
import { MOST_STRING_LENGTH } from "../messages/option.ts";
import { TransmissionFlag } from "../messages/export_info.ts";

export interface ExportOptions {
  /** At most 4,096 octets; the empty one stands for "no name given". */
  readonly name: string;
  /** For people. */
  readonly description?: string;
  readonly device: BlockDevice;
  /** Refuse writes, whatever the device allows. */
  readonly readOnly?: boolean;
  /** Octets at whose multiples requests begin and end: a power of two, at most 65,536. */
  readonly minimumBlockLength?: number;
  /** Octets at whose multiples they go quickly. */
  readonly preferredBlockLength?: number;
}

const encoder = new TextEncoder();

export class Export {
  readonly name: string;
  readonly description: string;
  readonly device: BlockDevice;
  readonly readOnly: boolean;
  readonly minimumBlockLength: number;
  readonly preferredBlockLength: number;
  /** A flush has failed: what it should have brought to the medium may be lost. */
  #fence: DeviceError | undefined;

  constructor(options: ExportOptions) {
    const { name, description = "", device, minimumBlockLength = 1 } = options;
    for (const text of [name, description]) {
      if (encoder.encode(text).length > MOST_STRING_LENGTH || text.includes("\0")) {
        throw new RangeError("a name or description of an export is longer than 4,096 octets");
      }
    }
    // "Size constraints": a power of two, no more than 2^16.
    if (!isPowerOfTwo(minimumBlockLength) || minimumBlockLength > 1 << 16) {
      throw new RangeError(`${minimumBlockLength} octets cannot be a minimum block size`);
    }
    this.name = name;
    this.description = description;
    this.device = device;
    this.readOnly = (options.readOnly ?? false) || !device.can.write;
    this.minimumBlockLength = minimumBlockLength;
    this.preferredBlockLength = Math.max(
      options.preferredBlockLength ?? 4096,
      minimumBlockLength,
      512,
    );
  }

  /** Octets that can be reached; where the device has grown meanwhile, new clients learn of it. */
  get size(): number {
    const { size } = this.device;
    return size - size % this.minimumBlockLength;
  }

  /** Unmapping gives space back, and extents tell where there is data. */
  get thin(): boolean {
    return this.device.can.unmap;
  }

  /** "Transmission flags". One device stands behind all connections: they share its cache. */
  transmissionFlags(structuredReplies: boolean): number {
    const always = TransmissionFlag.HAS_FLAGS | TransmissionFlag.SEND_FLUSH |
      TransmissionFlag.SEND_FUA | TransmissionFlag.CAN_MULTI_CONN | TransmissionFlag.SEND_CACHE;
    const fragments = structuredReplies ? TransmissionFlag.SEND_DF : 0;
    if (this.readOnly) return always | fragments | TransmissionFlag.READ_ONLY;
    const zeroing = TransmissionFlag.SEND_WRITE_ZEROES | TransmissionFlag.SEND_FAST_ZERO;
    return always | fragments | zeroing | (this.thin ? TransmissionFlag.SEND_TRIM : 0);
  }

  /** Fails once a flush has failed: what is written from now on could not be relied upon. */
  requireUnfenced(): void {
    if (this.#fence !== undefined) throw this.#fence;
  }

  /** Brings every write that was answered to the medium. One that failed is not tried again. */
  async flush(): Promise<void> {
    this.requireUnfenced();
    try {
      await this.device.flush();
    } catch (error) {
      if (error instanceof DeviceError) this.#fence ??= error;
      throw error;
    }
    // One that ran beside it may have failed: what that lost may be what is asked for here.
    this.requireUnfenced();
  }
}

function isPowerOfTwo(number: number): boolean {
  return Number.isInteger(number) && number > 0 && Math.log2(number) % 1 === 0;
}
