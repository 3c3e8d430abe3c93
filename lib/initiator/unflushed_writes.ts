/**
 * What a unit has acknowledged and may have in its volatile cache alone: not the data, but a
 * checksum of each piece, the newest wherever pieces overlap. When the target may have been
 * restarted, reading back tells whether anything of it is gone; without that no later flush could
 * vouch for it.
 */
import { crc32c } from "../wire/crc32c.ts";

/** What file systems write in. */
export const PIECE_LENGTH = 4096;

/** The piece holds octets that are owed, and its checksum is of no use any more. */
const BROKEN = -1;

/** Checksums of whole pieces, and of single blocks where less than a piece was written. */
interface Sums {
  readonly pieces: Map<number, number>;
  readonly blocks: Map<number, number>;
}

function noSums(): Sums {
  return { pieces: new Map(), blocks: new Map() };
}

const ZEROS = new Uint8Array(1 << 20);

/** A range of the disk. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** A range to be read, and what its checksum has to be; undefined: that is not known. */
export interface Owed extends Range {
  readonly sum: number | undefined;
}

export class UnflushedWrites {
  readonly #blockLength: number;
  /** Acknowledged since the last flush was begun. */
  #sums = noSums();
  /**
   * Somebody writes less than pieces: from now on single blocks are remembered, since what is left
   * of a piece's checksum when part of it is another tells nothing.
   */
  #isFine = false;
  /** Acknowledged before that; a flush is to bring it to the medium. */
  #flushing = noSums();

  /** `blockLength` divides {@link PIECE_LENGTH}, or is a multiple of it. */
  constructor(blockLength: number) {
    this.#blockLength = Math.min(blockLength, PIECE_LENGTH);
  }

  get isEmpty(): boolean {
    return this.pieceCount === 0;
  }

  get pieceCount(): number {
    const { pieces, blocks } = this.#sums;
    return pieces.size + blocks.size + this.#flushing.pieces.size + this.#flushing.blocks.size;
  }

  /**
   * A write of whole blocks that changes only part of a piece which is owed as a whole: what is
   * left of that could not be told any more, so it is to be flushed before.
   */
  breaks(offset: number, length: number): boolean {
    const end = offset + length;
    const isPartAtStart = offset % PIECE_LENGTH !== 0;
    const isPartAtEnd = end % PIECE_LENGTH !== 0;
    if (!isPartAtStart && !isPartAtEnd) return false;
    this.#isFine = true;
    return (isPartAtStart && this.#owesWhole(offset)) || (isPartAtEnd && this.#owesWhole(end));
  }

  #owesWhole(offset: number): boolean {
    const piece = Math.floor(offset / PIECE_LENGTH);
    return this.#sums.pieces.has(piece) || this.#flushing.pieces.has(piece);
  }

  /** A write of whole blocks has been acknowledged. */
  add(offset: number, octets: Uint8Array): void {
    const end = offset + octets.length;
    for (let at = offset; at < end;) {
      const piece = Math.floor(at / PIECE_LENGTH);
      const next = Math.min(end, (piece + 1) * PIECE_LENGTH);
      if (next - at < PIECE_LENGTH) this.#break(piece);
      else this.#forgetPiece(piece);
      if (next - at === PIECE_LENGTH && !this.#isFine) {
        this.#sums.pieces.set(piece, crc32c(octets, at - offset, PIECE_LENGTH));
        this.#forgetBlocks(this.#sums, piece);
      } else this.#addBlocks(at, octets.subarray(at - offset, next - offset));
      at = next;
    }
  }

  /** Whole blocks have become zeros. */
  addZeros(offset: number, length: number): void {
    for (let at = offset; at < offset + length;) {
      const next = Math.min(offset + length, at + ZEROS.length - at % PIECE_LENGTH);
      this.add(at, ZEROS.subarray(0, next - at));
      at = next;
    }
  }

  #addBlocks(offset: number, octets: Uint8Array): void {
    const { blocks } = this.#sums;
    for (let at = 0; at < octets.length; at += this.#blockLength) {
      const block = (offset + at) / this.#blockLength;
      blocks.set(block, crc32c(octets, at, this.#blockLength));
    }
  }

  /** All of a piece is another now. */
  #forgetPiece(piece: number): void {
    this.#sums.pieces.delete(piece);
    this.#flushing.pieces.delete(piece);
  }

  /** Part of a piece is another now: what else of it is owed cannot be told any more. */
  #break(piece: number): void {
    for (const { pieces } of [this.#sums, this.#flushing]) {
      if (pieces.has(piece)) pieces.set(piece, BROKEN);
    }
  }

  #forgetBlocks({ blocks }: Sums, piece: number): void {
    if (blocks.size === 0) return;
    const first = piece * PIECE_LENGTH / this.#blockLength;
    const count = PIECE_LENGTH / this.#blockLength;
    for (let block = first; block < first + count; block++) blocks.delete(block);
  }

  /** A write has failed: whatever is there now, nobody is owed it. */
  fail({ offset, length }: Range): void {
    const end = offset + length;
    const sums = [this.#sums, this.#flushing];
    for (let piece = Math.floor(offset / PIECE_LENGTH); piece * PIECE_LENGTH < end; piece++) {
      const start = piece * PIECE_LENGTH;
      const isWhole = start >= offset && start + PIECE_LENGTH <= end;
      if (isWhole) { for (const { pieces } of sums) pieces.delete(piece); }
      else this.#break(piece);
    }
    for (const { blocks } of sums) {
      for (const block of blocks.keys()) {
        const at = block * this.#blockLength;
        if (at >= offset && at < end) blocks.delete(block);
      }
    }
  }

  /** A flush begins: it is for all that was acknowledged so far. */
  beginFlush(): void {
    for (const [piece, sum] of this.#sums.pieces) {
      this.#flushing.pieces.set(piece, sum);
      this.#forgetBlocks(this.#flushing, piece);
    }
    for (const [block, sum] of this.#sums.blocks) this.#flushing.blocks.set(block, sum);
    this.#sums = noSums();
  }

  /** The flush has succeeded: that is on the medium. */
  endFlush(): void {
    this.#flushing = noSums();
  }

  /**
   * What has to be read for certainty, in the order of the disk. What is being written just now is
   * left out: it will be written anew.
   */
  owed(beingWritten: Iterable<Range>): Owed[] {
    const writing = [...beingWritten];
    const owed: Owed[] = [];
    const isFree = ({ offset, length }: Range) =>
      !writing.some((each) => each.offset < offset + length && each.offset + each.length > offset);
    const isOverwritten = (range: Range) =>
      writing.some((each) =>
        each.offset <= range.offset && each.offset + each.length >= range.offset + range.length
      );
    for (const [length, sums] of this.#newest()) {
      for (const [index, sum] of sums) {
        const range = { offset: index * length, length };
        if (isOverwritten(range)) continue;
        owed.push({ ...range, sum: sum === BROKEN || !isFree(range) ? undefined : sum });
      }
    }
    return owed.sort((a, b) => a.offset - b.offset);
  }

  /** The sums of both, the newer ones where there are two; by the octets that each is of. */
  #newest(): [number, Map<number, number>][] {
    const pieces = new Map([...this.#flushing.pieces, ...this.#sums.pieces]);
    const blocks = new Map(this.#flushing.blocks);
    for (const piece of this.#sums.pieces.keys()) this.#forgetBlocks({ pieces, blocks }, piece);
    for (const [block, sum] of this.#sums.blocks) blocks.set(block, sum);
    return [[PIECE_LENGTH, pieces], [this.#blockLength, blocks]];
  }
}
