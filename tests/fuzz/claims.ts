/**
 * What a target has said, read from the octets that it sent by a reader of its own: against this it
 * is judged what an initiator believes.
 */
import { BHS_LENGTH } from "../../lib/iscsi/bhs.ts";
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { crc32c } from "../../lib/wire/crc32c.ts";
import { concatenate } from "../support/test_initiator.ts";

export interface Digests {
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
}

interface Piece {
  readonly tag: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

interface Request {
  readonly tag: number;
  readonly transferTag: number;
  readonly offset: number;
  readonly end: number;
}

export class Claims {
  /** Data-Ins in their order. */
  readonly #pieces: Piece[] = [];
  readonly #requests: Request[] = [];
  /** Statuses that were given, by task. */
  readonly #statuses = new Map<number, Set<number>>();
  readonly #digests: Digests;
  #buffered: Uint8Array = new Uint8Array(0);
  /** What follows is not to be believed: a digest is wrong. */
  #isOver = false;

  constructor(digests: Digests) {
    this.#digests = digests;
  }

  /** The next octets of the stream. */
  take(octets: Uint8Array): void {
    this.#buffered = concatenate([this.#buffered, octets]);
    while (!this.#isOver && this.#takeOne()) { /* next */ }
  }

  #takeOne(): boolean {
    const octets = this.#buffered;
    if (octets.length < BHS_LENGTH) return false;
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    const { headerDigest, dataDigest } = this.#digests;
    const dataLength = view.getUint32(4) & 0xffffff;
    const padded = (dataLength + 3) & ~3;
    const header = BHS_LENGTH + octets[4]! * 4;
    const at = header + (headerDigest ? 4 : 0);
    const length = at + padded + (dataDigest && dataLength > 0 ? 4 : 0);
    if (octets.length < length) return false;
    if (headerDigest && view.getUint32(header, true) !== crc32c(octets, 0, header)) {
      this.#isOver = true;
    } else if (
      dataDigest && dataLength > 0 &&
      view.getUint32(at + padded, true) !== crc32c(octets, at, padded)
    ) this.#isOver = true;
    else this.#note(view, octets.slice(at, at + dataLength));
    this.#buffered = octets.subarray(length);
    return true;
  }

  #note(view: DataView, data: Uint8Array): void {
    const tag = view.getUint32(16);
    switch (view.getUint8(0) & 0x3f) {
      case Opcode.DATA_IN:
        this.#pieces.push({ tag, offset: view.getUint32(40), data });
        if ((view.getUint8(1) & 1) !== 0) this.#noteStatus(tag, view.getUint8(3));
        break;
      case Opcode.SCSI_RESPONSE:
        if (view.getUint8(2) === 0) this.#noteStatus(tag, view.getUint8(3));
        break;
      case Opcode.READY_TO_TRANSFER: {
        const offset = view.getUint32(40);
        const request = { tag, transferTag: view.getUint32(20), offset };
        this.#requests.push({ ...request, end: offset + view.getUint32(44) });
      }
    }
  }

  #noteStatus(tag: number, status: number): void {
    const statuses = this.#statuses.get(tag) ?? new Set();
    this.#statuses.set(tag, statuses.add(status));
  }

  /** The target has given the task this status. */
  gave(tag: number, status: number): boolean {
    return this.#statuses.get(tag)?.has(status) ?? false;
  }

  /** Tasks that were given this status. */
  tagsWith(status: number): number[] {
    return [...this.#statuses].filter(([, given]) => given.has(status)).map(([tag]) => tag);
  }

  /** The target has asked for these octets of a task. */
  asked(tag: number, transferTag: number, offset: number, end: number): boolean {
    return this.#requests.some((each) =>
      each.tag === tag && each.transferTag === transferTag && each.offset <= offset &&
      each.end >= end
    );
  }

  /** The data of a task, as far as it came in its order. */
  dataOf(tag: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let end = 0;
    for (const { tag: each, offset, data } of this.#pieces) {
      if (each !== tag || offset !== end) continue;
      parts.push(data);
      end += data.length;
    }
    return concatenate(parts);
  }
}
