/** A request that has been received and not been answered; pooled, so that none is made anew. */
import type { Extent } from "../../block/device.ts";
import { NbdError } from "../nbd_error.ts";

export class PendingRequest {
  type = 0;
  flags = 0;
  cookieHigh = 0;
  cookieLow = 0;
  offset = 0;
  length = 0;
  error: NbdError = NbdError.NONE;
  /** Octets of its data that are in their place: on the medium, or laid out for the client. */
  moved = 0;
  /** Pieces of its data that are on their way to the medium. */
  pending = 0;
  /** Octets read ahead of their sending, and from where on they have not been sent. */
  held: Uint8Array | undefined;
  heldAt = 0;
  /** Extents of the range, from `held` or of the whole request; those behind `extentAt` matter. */
  extents: readonly Extent[] | undefined;
  extentAt = 0;

  reset(): void {
    this.error = NbdError.NONE;
    this.moved = 0;
    this.pending = 0;
    this.held = undefined;
    this.heldAt = 0;
    this.extents = undefined;
    this.extentAt = 0;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
}
