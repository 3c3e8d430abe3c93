/**
 * What a loss of power can leave of files: everything that a sync has made durable, and of what
 * came later any part. Each operation may be there or not, whatever came before or after it, and of
 * a long write any of its sectors. Names are their directory's, which has syncs of its own.
 */
import { dirname } from "node:path";
import type { SeededRandom } from "../../support/seeded_random.ts";
import {
  type Content,
  type FileOperation,
  resizeTo,
  type SimState,
  writeTo,
} from "../../support/sim_files.ts";

/** How many states of a moment are tried. */
export interface StateCount {
  /** Up to so many operations that are not durable, every subset of them. */
  readonly mostExhaustive: number;
  /** Past it, so many by chance. */
  readonly samples: number;
  /** And so many with torn writes, everywhere. */
  readonly torn: number;
}

export interface CrashStatesOptions {
  readonly initial: SimState;
  readonly operations: readonly FileOperation[];
  readonly random: SeededRandom;
  /**
   * Of what is done to an incidental file, whose contents no reader trusts after a loss of power,
   * chance decides in every state.
   */
  readonly isIncidental?: (path: string) => boolean;
}

const SECTOR_LENGTH = 512;

/** Of the operations that are not durable, which are there: a bit each, or a bit each sector. */
type Choice = (operation: number, sector: number) => boolean;

export class CrashStates {
  readonly #initial: SimState;
  readonly #operations: readonly FileOperation[];
  readonly #random: SeededRandom;
  readonly #isIncidental: (path: string) => boolean;
  /** By whose it is, a file's or a directory's: the indices of its operations. */
  readonly #ofOwner = new Map<string, number[]>();
  /** By file: what it was after so many operations, all of them there. */
  readonly #wholes = new Map<string, { readonly count: number; readonly content: Content }>();

  constructor(options: CrashStatesOptions) {
    this.#initial = options.initial;
    this.#operations = options.operations;
    this.#random = options.random;
    this.#isIncidental = options.isIncidental ?? (() => false);
    for (const [index, operation] of this.#operations.entries()) {
      const owner = ownerOf(operation);
      const indices = this.#ofOwner.get(owner);
      if (indices === undefined) this.#ofOwner.set(owner, [index]);
      else indices.push(index);
    }
  }

  /** After the first `count` operations, with a page cache that outlives it: all is there. */
  killed(count: number): SimState {
    return this.#build(count, new Map(), () => true, "whole");
  }

  /**
   * What there can be when the power is lost after the first `count` operations. `all` false:
   * without those that there could be an operation earlier.
   */
  *powerLost(count: number, states: StateCount, all = true): Generator<SimState> {
    const covered = this.#covered(count);
    const open = this.#notDurable(count, covered);
    const build = (choice: Choice) => this.#build(count, covered, choice);
    // A sync of data leaves times for later.
    if (all) yield this.#build(count, covered, () => true, "durable");
    const chance = () => this.#random.onceIn(2);
    const newest = all ? undefined : count - 1;
    if (newest !== undefined && open.at(-1) !== newest) {
      // A sync leaves less than there was, and what is incidental decides nothing.
      const isIncidental = isChange(this.#operations[newest]!);
      if (isIncidental) yield build(chance);
      return;
    }
    if (open.length <= states.mostExhaustive) {
      const first = newest === undefined ? 0 : 1 << (open.length - 1);
      const bitOf = new Map(open.map((index, bit) => [index, bit]));
      for (let bits = first; bits < 1 << open.length; bits++) {
        yield build((index) => {
          const bit = bitOf.get(index);
          return bit === undefined ? chance() : (bits >>> bit & 1) === 1;
        });
      }
    } else {
      for (let sample = 0; sample < states.samples; sample++) {
        const there = new Set(open.filter((index) => index === newest || chance()));
        const isOpen = new Set(open);
        yield build((index) => isOpen.has(index) ? there.has(index) : chance());
      }
    }
    if (!open.some((index) => isLong(this.#operations[index]!))) return;
    for (let sample = 0; sample < states.torn; sample++) yield build(chance);
  }

  /** The operations that a loss of power may undo, and that matter. */
  #notDurable(count: number, covered: ReadonlyMap<string, number>): number[] {
    const open: number[] = [];
    for (let index = 0; index < count; index++) {
      const operation = this.#operations[index]!;
      if (!isChange(operation) || index < (covered.get(ownerOf(operation)) ?? 0)) continue;
      const path = "path" in operation ? operation.path : pathOf(ownerOf(operation));
      if (!this.#isIncidental(path)) open.push(index);
    }
    return open;
  }

  /** By whose they are: how many operations the last sync covers. */
  #covered(count: number): Map<string, number> {
    const covered = new Map<string, number>();
    for (let index = 0; index < count; index++) {
      const operation = this.#operations[index]!;
      if ("covered" in operation) covered.set(ownerOf(operation), operation.covered);
    }
    return covered;
  }

  #build(
    count: number,
    covered: ReadonlyMap<string, number>,
    choice: Choice,
    kind: "whole" | "durable" | "chance" = "chance",
  ): SimState {
    const isWhole = kind === "whole";
    const names = new Map(this.#initial.names);
    const changed = new Map<string, number[]>();
    for (const [owner, indices] of this.#ofOwner) {
      const durable = isWhole ? count : covered.get(owner) ?? 0;
      const isDirectory = owner.endsWith("/");
      for (const index of indices) {
        if (index >= count) break;
        if (!isChange(this.#operations[index]!)) continue;
        if (isDirectory) {
          if (index < durable || choice(index, 0)) rename(names, this.#operations[index]!);
        } else if (index >= durable) {
          const open = changed.get(owner);
          if (open === undefined) changed.set(owner, [index]);
          else open.push(index);
        }
      }
    }
    const files = new Map<string, Content>();
    for (const file of new Set(names.values())) {
      const whole = this.#whole(file, isWhole ? count : covered.get(file) ?? 0);
      const content = this.#withOpen(whole, changed.get(file) ?? [], choice);
      const durable = this.#durableTime(file, count);
      const isLast = isWhole || kind === "chance" && this.#random.onceIn(2);
      files.set(file, { ...content, modified: isLast ? content.modified : durable });
    }
    return { files, names };
  }

  #withOpen(whole: Content, open: readonly number[], choice: Choice): Content {
    let content: Content | undefined;
    for (const index of open) {
      const operation = this.#operations[index]!;
      content ??= { ...whole, octets: whole.octets.slice() };
      change(content, operation, (sector) => choice(index, sector));
    }
    return content ?? whole;
  }

  #durableTime(file: string, count: number): number {
    let durable = 0;
    for (const index of this.#ofOwner.get(file) ?? []) {
      const operation = this.#operations[index]!;
      if (index < count && operation.kind === "sync" && operation.full) durable = operation.covered;
    }
    return this.#whole(file, durable).modified;
  }

  /** The file after all of the first `count` operations. */
  #whole(file: string, count: number): Content {
    let before = this.#wholes.get(file);
    if (before === undefined || before.count > count) {
      const content = this.#initial.files.get(file) ??
        { octets: new Uint8Array(0), length: 0, modified: 0 };
      before = { count: 0, content };
    }
    const indices = (this.#ofOwner.get(file) ?? [])
      .filter((index) => index >= before.count && index < count);
    const changes = indices.filter((index) => isChange(this.#operations[index]!));
    const content = this.#withOpen(before.content, changes, () => true);
    this.#wholes.set(file, { count, content });
    return content;
  }
}

/** Whose operation it is: a file, or a directory, which ends with a stroke. */
function ownerOf(operation: FileOperation): string {
  if ("directory" in operation) return `${operation.directory}/`;
  return "path" in operation ? `${dirname(operation.path)}/` : operation.file;
}

function isChange(operation: FileOperation): boolean {
  return !("covered" in operation);
}

function isLong(operation: FileOperation): boolean {
  return operation.kind === "write" && operation.octets.length > SECTOR_LENGTH;
}

function rename(names: Map<string, string>, operation: FileOperation): void {
  if (operation.kind === "remove") names.delete(operation.path);
  else if (operation.kind === "create" || operation.kind === "link") {
    names.set(operation.path, operation.file);
  } else if (operation.kind === "rename") {
    if (names.get(operation.from) === operation.file) names.delete(operation.from);
    names.set(operation.path, operation.file);
  }
}

function change(
  content: Content,
  operation: FileOperation,
  isThere: (sector: number) => boolean,
): void {
  if (operation.kind === "write") {
    if (write(content, operation, isThere)) content.modified = operation.modified;
    return;
  }
  if (operation.kind !== "resize" && operation.kind !== "touch" || !isThere(0)) return;
  content.modified = operation.modified;
  if (operation.kind === "resize") resizeTo(content, operation.length);
}

/** Answers whether anything of it is there. */
function write(
  content: Content,
  { position, octets }: { position: number; octets: Uint8Array },
  isThere: (sector: number) => boolean,
): boolean {
  let isAny = false;
  for (let at = 0; at < octets.length;) {
    const sector = Math.floor((position + at) / SECTOR_LENGTH);
    const end = Math.min((sector + 1) * SECTOR_LENGTH - position, octets.length);
    if (isThere(sector)) {
      writeTo(content, position + at, octets.subarray(at, end));
      isAny = true;
    }
    at = end;
  }
  return isAny;
}

/** The path that a file had at first. */
function pathOf(file: string): string {
  return file.slice(0, file.lastIndexOf("#"));
}
