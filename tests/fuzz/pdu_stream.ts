/** Cuts what a target sends into PDUs, by a reader of its own: nothing of ours is relied on. */
import { BHS_LENGTH } from "../../lib/iscsi/bhs.ts";
import { crc32c } from "../../lib/wire/crc32c.ts";
import { concatenate } from "../support/test_initiator.ts";

/** Which are in force now. */
export interface Digests {
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
}

export interface SentPdu {
  /** All of it, with padding and digests. */
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly data: Uint8Array;
  /** Its digests are right, where there are any. */
  readonly isIntact: boolean;
}

export class PduStream {
  readonly #digests: Digests;
  #buffered: Uint8Array = new Uint8Array(0);

  constructor(digests: Digests) {
    this.#digests = digests;
  }

  push(octets: Uint8Array): void {
    this.#buffered = concatenate([this.#buffered, octets]);
  }

  /** Undefined until one is whole. */
  next(): SentPdu | undefined {
    const all = this.#buffered;
    if (all.length < BHS_LENGTH) return undefined;
    const { headerDigest, dataDigest } = this.#digests;
    const view = new DataView(all.buffer, all.byteOffset, all.length);
    const dataLength = view.getUint32(4) & 0xffffff;
    const header = BHS_LENGTH + all[4]! * 4;
    const at = header + (headerDigest ? 4 : 0);
    const padded = (dataLength + 3) & ~3;
    const hasDataDigest = dataDigest && dataLength > 0;
    const length = at + padded + (hasDataDigest ? 4 : 0);
    if (all.length < length) return undefined;
    this.#buffered = all.subarray(length);
    const isRight = (digestAt: number, from: number, count: number) =>
      view.getUint32(digestAt, true) === crc32c(all, from, count);
    return {
      octets: all.slice(0, length),
      view,
      data: all.slice(at, at + dataLength),
      isIntact: (!headerDigest || isRight(header, 0, header)) &&
        (!hasDataDigest || isRight(at + padded, at, padded)),
    };
  }
}
