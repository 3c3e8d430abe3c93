/**
 * What a loss of power can leave of files: everything that a sync has made durable, and of what
 * came later any part. Each operation may be there or not, whatever came before or after it, and of
 * a long write any of its sectors.
 */
import { type Content, type FileOperation, resizeTo, writeTo } from "../../support/sim_files.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";

export type Contents = ReadonlyMap<string, Content>;

/** How many states of a moment are tried. */
export interface StateCount {
  /** Up to so many operations that are not durable, every subset of them. */
  readonly mostExhaustive: number;
  /** Past it, so many by chance. */
  readonly samples: number;
  /** And so many with torn writes, everywhere. */
  readonly torn: number;
}

const SECTOR_LENGTH = 512;

/** Of the operations that are not durable, which are there: a bit each, or a bit each sector. */
type Choice = (operation: number, sector: number) => boolean;

export class CrashStates {
  readonly #initial: Contents;
  readonly #operations: readonly FileOperation[];
  readonly #random: SeededRandom;
  readonly #isIncidental: (file: string) => boolean;

  /**
   * Files as they were, and what was done to them. Of what is done to an incidental file, whose
   * contents no reader trusts after a loss of power, chance decides in every state.
   */
  constructor(options: {
    initial: Contents;
    operations: readonly FileOperation[];
    random: SeededRandom;
    isIncidental?: (file: string) => boolean;
  }) {
    this.#initial = options.initial;
    this.#operations = options.operations;
    this.#random = options.random;
    this.#isIncidental = options.isIncidental ?? (() => false);
  }

  /** After the first `count` operations, with a page cache that outlives it: all is there. */
  killed(count: number): Contents {
    return this.#build(count, () => true);
  }

  /** What there can be when the power is lost after the first `count` operations. */
  *powerLost(count: number, { mostExhaustive, samples, torn }: StateCount): Generator<Contents> {
    const open = this.#notDurable(count);
    if (open.length <= mostExhaustive) {
      for (let bits = 0; bits < 1 << open.length; bits++) {
        yield this.#build(count, (index) => this.#isChosen(open, bits, index));
      }
    } else {
      for (let sample = 0; sample < samples; sample++) {
        const there = new Set(open.filter(() => this.#random.onceIn(2)));
        yield this.#build(count, (index) => there.has(index) || this.#happens(index));
      }
    }
    if (!open.some((index) => isLong(this.#operations[index]!))) return;
    for (let sample = 0; sample < torn; sample++) {
      yield this.#build(count, () => this.#random.onceIn(2));
    }
  }

  #isChosen(open: readonly number[], bits: number, index: number): boolean {
    const bit = open.indexOf(index);
    return bit < 0 ? this.#happens(index) : (bits >>> bit & 1) === 1;
  }

  #happens(index: number): boolean {
    return this.#isIncidental(this.#operations[index]!.file) && this.#random.onceIn(2);
  }

  /** The operations that a loss of power may undo. */
  #notDurable(count: number): number[] {
    const covered = this.#covered(count);
    const open: number[] = [];
    for (let index = 0; index < count; index++) {
      const operation = this.#operations[index]!;
      if (operation.kind === "sync" || index < (covered.get(operation.file) ?? 0)) continue;
      if (!this.#isIncidental(operation.file)) open.push(index);
    }
    return open;
  }

  /** By file: how many operations the last sync covers. */
  #covered(count: number): Map<string, number> {
    const covered = new Map<string, number>();
    for (let index = 0; index < count; index++) {
      const operation = this.#operations[index]!;
      if (operation.kind === "sync") covered.set(operation.file, operation.covered);
    }
    return covered;
  }

  #build(count: number, isThere: Choice): Contents {
    const covered = this.#covered(count);
    const contents = new Map<string, Content>();
    for (const [file, { octets, length }] of this.#initial) {
      contents.set(file, { octets: octets.slice(), length });
    }
    for (let index = 0; index < count; index++) {
      const operation = this.#operations[index]!;
      const isDurable = index < (covered.get(operation.file) ?? 0);
      apply(contents, operation, (sector) => isDurable || isThere(index, sector));
    }
    return contents;
  }
}

function isLong(operation: FileOperation): boolean {
  return operation.kind === "write" && operation.octets.length > SECTOR_LENGTH;
}

function apply(
  contents: Map<string, Content>,
  operation: FileOperation,
  isThere: (sector: number) => boolean,
): void {
  const { file } = operation;
  if (operation.kind === "create") {
    if (isThere(0)) replaceOthers(contents, file);
    return;
  }
  const content = contents.get(file);
  // A file whose creation was lost has lost all.
  if (content === undefined) return;
  if (operation.kind === "remove") {
    if (isThere(0)) contents.delete(file);
  } else if (operation.kind === "resize") {
    if (isThere(0)) resizeTo(content, operation.length);
  } else if (operation.kind === "write") write(content, operation, isThere);
}

/** A file takes the name of those that had it. */
function replaceOthers(contents: Map<string, Content>, file: string): void {
  const name = file.slice(0, file.lastIndexOf("#"));
  for (const other of [...contents.keys()]) {
    if (other.slice(0, other.lastIndexOf("#")) === name) contents.delete(other);
  }
  contents.set(file, { octets: new Uint8Array(0), length: 0 });
}

function write(
  content: Content,
  { position, octets }: { position: number; octets: Uint8Array },
  isThere: (sector: number) => boolean,
): void {
  for (let at = 0; at < octets.length;) {
    const sector = Math.floor((position + at) / SECTOR_LENGTH);
    const end = Math.min((sector + 1) * SECTOR_LENGTH - position, octets.length);
    if (isThere(sector)) writeTo(content, position + at, octets.subarray(at, end));
    at = end;
  }
}
