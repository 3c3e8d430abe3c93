/**
 * A file in memory that records what is done to it, and what a crash at any moment could have left:
 * all that was done before the last sync, and of what came later any part, in any order.
 */
import type { FileRun } from "../../lib/block/file_space.ts";
import type { PositionalFile } from "../../lib/block/positional_file.ts";

const SECTOR_LENGTH = 512;

type Change =
  | { readonly kind: "resize"; readonly length: number }
  /** Of one sector, which a medium writes wholly or not at all. */
  | { readonly kind: "write"; readonly position: number; readonly octets: Uint8Array };

type Operation = Change | { readonly kind: "sync" };

export class RecordedFile implements PositionalFile {
  readonly path = "recorded.vhd";
  readonly writable = true;
  readonly cached = false;
  readonly punches = false;
  freeSpace = Infinity;
  /** Whether space can be set aside. */
  reserves = true;
  /** Called before each change; what it throws, the change fails with. */
  beforeChange: (() => void) | undefined;
  octets: Uint8Array<ArrayBuffer>;
  readonly #first: Uint8Array;
  readonly #operations: Operation[] = [];

  constructor(octets: Uint8Array) {
    this.octets = octets.slice();
    this.#first = octets.slice();
  }

  get length(): number {
    return this.octets.length;
  }

  readCached(): boolean {
    return false;
  }

  readSync(position: number, into: Uint8Array, at: number, length: number): void {
    if (position + length > this.length) throw new RangeError("read past the end");
    into.set(this.octets.subarray(position, position + length), at);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async read(position: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.readSync(position, into, at, length);
  }

  writeSync(position: number, from: Uint8Array, at: number, length: number): void {
    if (position + length > this.length) throw new RangeError("write past the end");
    for (let done = 0; done < length; done += SECTOR_LENGTH) {
      const octets = from.slice(at + done, at + Math.min(done + SECTOR_LENGTH, length));
      this.#change({ kind: "write", position: position + done, octets });
    }
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async write(position: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.writeSync(position, from, at, length);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async sync(): Promise<void> {
    this.beforeChange?.();
    this.#operations.push({ kind: "sync" });
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async resize(length: number): Promise<void> {
    this.#change({ kind: "resize", length });
  }

  reserve(): Promise<boolean> {
    return Promise.resolve(this.reserves);
  }

  punch(): Promise<boolean> {
    return Promise.resolve(false);
  }

  run(): FileRun {
    return { mapped: true, end: this.length };
  }

  close(): void {}

  #change(change: Change): void {
    this.beforeChange?.();
    this.#operations.push(change);
    if (change.kind === "write") this.octets.set(change.octets, change.position);
    else this.octets = changed(this.octets, change);
  }

  /**
   * What could be left, each once. Past `most` changes between two syncs not every part of them is
   * tried, but each prefix and each that lacks one.
   */
  *crashStates(most = 12): Generator<Uint8Array> {
    const seen = new Set<string>();
    for (const state of this.#everyState(most)) {
      const key = state.toHex();
      if (seen.has(key)) continue;
      seen.add(key);
      yield state;
    }
  }

  *#everyState(most: number): Generator<Uint8Array> {
    let durable: Uint8Array = this.#first;
    let pending: Change[] = [];
    for (const operation of [...this.#operations, { kind: "sync" } as const]) {
      if (operation.kind !== "sync") {
        pending.push(operation);
        continue;
      }
      for (const part of partsOf(pending, most)) yield part.reduce(changed, durable);
      durable = pending.reduce(changed, durable);
      pending = [];
    }
  }
}

function* partsOf(changes: readonly Change[], most: number): Generator<readonly Change[]> {
  if (changes.length <= most) {
    for (let chosen = 0; chosen < 2 ** changes.length; chosen++) {
      yield changes.filter((_, at) => (chosen >> at & 1) === 1);
    }
    return;
  }
  for (let at = 0; at <= changes.length; at++) {
    yield changes.slice(0, at);
    yield changes.toSpliced(at, 1);
  }
}

function changed(octets: Uint8Array, change: Change): Uint8Array<ArrayBuffer> {
  if (change.kind === "resize") {
    const resized = new Uint8Array(change.length);
    resized.set(octets.subarray(0, change.length));
    return resized;
  }
  const end = change.position + change.octets.length;
  const written = new Uint8Array(Math.max(octets.length, end));
  written.set(octets);
  written.set(change.octets, change.position);
  return written;
}
