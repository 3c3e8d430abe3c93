/**
 * What a disk is. Sources implement it, filters wrap it, the iSCSI target and the NBD server serve
 * it. Offsets and lengths are octets. Each transfer comes in two forms: `readNow`/`writeNow` do it
 * at once where that needs no waiting, straight from or into the caller's buffer, and answer false,
 * having done nothing, where it does; then the caller gives a buffer that stays its device's until
 * `read`/`write` resolves. (A `readNow` that answers false may have filled part of the range asked
 * for.) Every failure is a thrown (or rejected) {@link DeviceError}.
 */
export interface BlockDevice {
  /** Capacity in octets; it may grow, and never shrinks. */
  readonly size: number;
  /** Asked once, when the device is put to use. */
  readonly can: Capabilities;
  /** Why its medium cannot be reached just now, for people; undefined: nothing is known of that. */
  readonly trouble?: string | undefined;
  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean;
  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean;
  read(offset: number, into: Uint8Array, at: number, length: number): Promise<void>;
  write(offset: number, from: Uint8Array, at: number, length: number): Promise<void>;
  /** Resolves when every write that resolved before the call is on the medium. */
  flush(): Promise<void>;
  /** Makes the range read as zeros, giving its space back where the medium can. */
  unmap(offset: number, length: number): Promise<void>;
  /** The runs from `offset` on, in order and without gaps, at most `limit` of them. */
  extents(offset: number, length: number, limit: number): Promise<Extent[]>;
  /**
   * Makes the device larger; absent where its medium has one size for good. What is added reads as
   * zeros. Done wholly or not at all, whatever fails meanwhile: the machine too. Transfers go on.
   */
  grow?(size: number, options?: GrowOptions): Promise<void>;
  /** Flushes and lets go of the medium; nothing may be asked afterwards. */
  close(): Promise<void>;
}

export interface Capabilities {
  /** False: every write fails with kind `read-only`. */
  readonly write: boolean;
  /** The medium is thin: `unmap` gives space back, and `extents` tells what holds data. */
  readonly unmap: boolean;
}

export interface Extent {
  readonly offset: number;
  readonly length: number;
  /** False: no space is taken, and it reads as zeros. */
  readonly mapped: boolean;
}

/** How a growth that takes long is watched, and called off. */
export interface GrowOptions {
  /** Aborting it fails the growth with its reason; the size is as it was. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many octets are done, of how many. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** Awaited once the space is there, before the device is larger; it may still call it off. */
  readonly ready?: (() => Promise<void>) | undefined;
}

export type DeviceErrorKind =
  | "out-of-range"
  | "read-only"
  | "no-space"
  | "medium" // the medium could not be read or written
  | "fenced" // a flush failed earlier: what was written since may be lost
  | "gone"; // the medium is not there (closed, removed, unreachable)

/** A transfer that the device could not do. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";

  constructor(readonly kind: DeviceErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
