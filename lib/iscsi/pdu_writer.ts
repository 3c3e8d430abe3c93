/**
 * Lays PDUs out in an outbox: header, header digest, data padded to four octets, data digest,
 * reserved in one piece (RFC 7143 11.2). All that either side sends goes through here. Order of
 * use: `reserve`, fill in the header at the base and the data at `dataAt`, then `seal`; no other
 * PDU may come between.
 */
import { BHS_LENGTH } from "./bhs.ts";
import { crc32c } from "../wire/crc32c.ts";
import type { Outbox } from "../wire/outbox.ts";

const DIGEST_LENGTH = 4;
const DATA_SEGMENT_LENGTH_AT = 5;

export class PduWriter {
  /** Of the PDUs from now on: both are off until full feature phase. RFC 7143 13.1. */
  headerDigest = false;
  dataDigest = false;
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /**
   * What `reserve` and `dataAt` answer are places in these; both change when the outbox is
   * drained.
   */
  get octets(): Uint8Array {
    return this.#outbox.octets;
  }

  get view(): DataView {
    return this.#outbox.view;
  }

  /** Octets that are laid out. */
  get length(): number {
    return this.#outbox.length;
  }

  /** Octets free for whole PDUs: headers, padding and digests count. */
  get room(): number {
    return this.#outbox.room;
  }

  /** Octets that a PDU with `dataLength` octets of data takes. */
  lengthOf(dataLength: number): number {
    return BHS_LENGTH + (this.headerDigest ? DIGEST_LENGTH : 0) + this.#segmentLength(dataLength);
  }

  /**
   * The most data that a PDU of at most `room` octets can hold; negative if not even its header
   * fits.
   */
  dataRoom(room: number): number {
    const left = room - BHS_LENGTH - (this.headerDigest ? DIGEST_LENGTH : 0);
    return left <= 0 ? left : Math.max(0, left - (this.dataDigest ? DIGEST_LENGTH : 0)) & ~3;
  }

  /**
   * Reserves a PDU with `dataLength` octets of data and answers where it begins: a header of zeros
   * but for DataSegmentLength. The data is whatever the buffer held; its padding is zero.
   */
  reserve(dataLength: number): number {
    const base = this.#outbox.reserve(this.lengthOf(dataLength), BHS_LENGTH);
    const view = this.#outbox.view;
    view.setUint16(base + DATA_SEGMENT_LENGTH_AT, dataLength >>> 8);
    view.setUint8(base + DATA_SEGMENT_LENGTH_AT + 2, dataLength & 0xff);
    const end = this.dataAt(base) + dataLength;
    for (let i = -dataLength & 3; i > 0; i--) view.setUint8(end + i - 1, 0);
    return base;
  }

  /** Where the data of the PDU at `base` begins. */
  dataAt(base: number): number {
    return base + BHS_LENGTH + (this.headerDigest ? DIGEST_LENGTH : 0);
  }

  /** Header and data of the PDU at `base` are filled in: adds the digests. */
  seal(base: number): void {
    if (!this.headerDigest && !this.dataDigest) return;
    const { octets, view } = this.#outbox;
    // Digests are little-endian on the wire, as the vectors of RFC 7143 A.4 show.
    if (this.headerDigest) {
      view.setUint32(base + BHS_LENGTH, crc32c(octets, base, BHS_LENGTH), true);
    }
    const dataLength = (view.getUint16(base + DATA_SEGMENT_LENGTH_AT) << 8) |
      view.getUint8(base + DATA_SEGMENT_LENGTH_AT + 2);
    if (!this.dataDigest || dataLength === 0) return;
    const at = this.dataAt(base);
    const padded = (dataLength + 3) & ~3;
    view.setUint32(at + padded, crc32c(octets, at, padded), true);
  }

  /** Takes back the PDU at `base`, which was reserved last. */
  rewind(base: number): void {
    this.#outbox.rewind(base);
  }

  #segmentLength(dataLength: number): number {
    if (dataLength === 0) return 0;
    return ((dataLength + 3) & ~3) + (this.dataDigest ? DIGEST_LENGTH : 0);
  }
}
