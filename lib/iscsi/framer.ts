/**
 * Finds whole PDUs in an inbox and checks their digests. RFC 7143 11.2: a Basic Header Segment,
 * additional header segments, header digest, data segment padded to four octets, data digest. The
 * length is checked before room is made for it; behind that check no accessor can overrun.
 */
import { crc32c } from "../wire/crc32c.ts";
import type { Inbox } from "../wire/inbox.ts";
import { BHS_LENGTH } from "./bhs.ts";
import type { Frame } from "./frame.ts";
import { ProtocolError } from "./protocol_error.ts";

const DIGEST_LENGTH = 4;

/** TotalAHSLength is one octet, in words of four. RFC 7143 11.2.1.5. */
export const MOST_AHS_LENGTH = 255 * 4;

export const Found = { NOTHING: 0, PDU: 1, DATA_DIGEST_ERROR: 2 } as const;
export type Found = typeof Found[keyof typeof Found];

export class Framer implements Frame {
  /** Set when full feature phase begins. RFC 7143 13.1. */
  headerDigest = false;
  dataDigest = false;
  /** Longest data segment that we take: what we declared. RFC 7143 13.12. */
  maxDataSegmentLength: number;
  /** Octets of additional header segments that we take; login has none. RFC 7143 11.12. */
  maxAhsLength = 0;

  base = 0;
  ahsLength = 0;
  dataAt = 0;
  dataLength = 0;
  /** Octets of the whole PDU, digests and padding included. */
  length = 0;
  readonly #inbox: Inbox;

  constructor(inbox: Inbox, maxDataSegmentLength: number) {
    this.#inbox = inbox;
    this.maxDataSegmentLength = maxDataSegmentLength;
  }

  /** Those of the inbox, not kept: an idle connection owns no large buffer. */
  get octets(): Uint8Array {
    return this.#inbox.octets;
  }

  get view(): DataView {
    return this.#inbox.view;
  }

  /**
   * Moves to the next PDU, if it is there whole; `inbox.take(length)` is due when it is dealt with.
   */
  next(): Found {
    if (!this.locate()) return Found.NOTHING;
    if (!this.isWhole) {
      this.#inbox.require(this.length);
      return Found.NOTHING;
    }
    return this.isDataDamaged() ? Found.DATA_DIGEST_ERROR : Found.PDU;
  }

  /** Moves to the next PDU, if its headers are there; `isWhole` tells whether its data is too. */
  locate(): boolean {
    const inbox = this.#inbox;
    if (inbox.available < BHS_LENGTH) {
      inbox.require(BHS_LENGTH);
      return false;
    }
    const ahsLength = inbox.view.getUint8(inbox.start + 4) * 4;
    const dataLength = (inbox.view.getUint16(inbox.start + 5) << 8) |
      inbox.view.getUint8(inbox.start + 7);
    if (dataLength > this.maxDataSegmentLength) {
      throw new ProtocolError(
        `data segment of ${dataLength} octets exceeds the ${this.maxDataSegmentLength} declared`,
      );
    }
    if (ahsLength > this.maxAhsLength) {
      throw new ProtocolError(`${ahsLength} octets of additional header segments`);
    }
    const dataOffset = BHS_LENGTH + ahsLength + (this.headerDigest ? DIGEST_LENGTH : 0);
    this.base = inbox.start;
    this.ahsLength = ahsLength;
    this.dataAt = this.base + dataOffset;
    this.dataLength = dataLength;
    this.length = dataOffset + this.#segmentLength;
    if (inbox.available < dataOffset) {
      inbox.require(dataOffset);
      return false;
    }
    if (this.headerDigest) this.#checkHeader(BHS_LENGTH + ahsLength);
    return true;
  }

  /** The PDU that was located is there with all of its data. */
  get isWhole(): boolean {
    return this.#inbox.available >= this.length;
  }

  /** Octets between the data of the PDU and the next one: padding and digest. */
  get trailerLength(): number {
    return this.#segmentLength - this.dataLength;
  }

  get #segmentLength(): number {
    if (this.dataLength === 0) return 0;
    return ((this.dataLength + 3) & ~3) + (this.dataDigest ? DIGEST_LENGTH : 0);
  }

  /** The data of the whole PDU does not match its digest. */
  isDataDamaged(): boolean {
    if (!this.dataDigest || this.dataLength === 0) return false;
    const padded = (this.dataLength + 3) & ~3;
    // Digests go on the wire least significant octet first, as the vectors of RFC 7143 A.4 show.
    return crc32c(this.octets, this.dataAt, padded) !== this.#digest(this.dataAt + padded);
  }

  /**
   * RFC 7143 7.8: after a header digest error nothing in the stream can be trusted. Checked before
   * the data segment is awaited, since its length may be what was damaged.
   */
  #checkHeader(length: number): void {
    const { octets, view, start } = this.#inbox;
    if (crc32c(octets, start, length) !== view.getUint32(start + length, true)) {
      throw new ProtocolError("header digest error");
    }
  }

  #digest(at: number): number {
    return this.view.getUint32(at, true);
  }
}
