/**
 * What a target has said, read from the octets that it sent by a reader of its own: against this it
 * is judged what an initiator believes.
 */
import { Opcode } from "../../lib/iscsi/opcode.ts";
import { concatenate } from "../support/test_initiator.ts";
import { type Digests, PduStream, type SentPdu } from "./pdu_stream.ts";

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
  readonly #stream: PduStream;
  /** What follows is not to be believed: a digest is wrong. */
  #isOver = false;

  constructor(digests: Digests) {
    this.#stream = new PduStream(digests);
  }

  /** The next octets of the stream. */
  take(octets: Uint8Array): void {
    this.#stream.push(octets);
    for (let pdu = this.#next(); pdu !== undefined; pdu = this.#next()) {
      if (pdu.isIntact) this.#note(pdu.view, pdu.data);
      else this.#isOver = true;
    }
  }

  #next(): SentPdu | undefined {
    return this.#isOver ? undefined : this.#stream.next();
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
