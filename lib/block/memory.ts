/** A disk in memory, gone with the process: thin, so that a large one costs what it holds. */
import { type BlockDevice, DeviceError, type Extent, type GrowOptions } from "./device.ts";
import { MemoryPage, PAGE_LENGTH, SECTOR_LENGTH } from "./memory_page.ts";
import { requireRange, requireRoom } from "./range.ts";

/** Pages under one entry of the upper table: with 64 KiB pages, 64 MiB. */
const PAGES_A_TABLE = 1024;
const TABLE_LENGTH = PAGES_A_TABLE * PAGE_LENGTH;

interface PageTable {
  readonly pages: (MemoryPage | undefined)[];
  count: number;
}

export interface MemoryDeviceOptions {
  /** Octets of memory that the contents may take at most, in whole pages of 64 KiB. */
  readonly limit?: number;
}

export class MemoryDevice implements BlockDevice {
  readonly can = { write: true, unmap: true } as const;
  readonly #tables: (PageTable | undefined)[];
  readonly #mostPages: number;
  #size: number;
  #pageCount = 0;
  #closed = false;

  constructor(size: number, options: MemoryDeviceOptions = {}) {
    if (!Number.isSafeInteger(size) || size <= 0) {
      throw new RangeError(`a memory device cannot have ${size} octets`);
    }
    this.#size = size;
    this.#tables = new Array(Math.ceil(size / TABLE_LENGTH));
    this.#mostPages = Math.floor((options.limit ?? Infinity) / PAGE_LENGTH);
  }

  get size(): number {
    return this.#size;
  }

  /** Octets of memory that the contents take. */
  get allocated(): number {
    return this.#pageCount * PAGE_LENGTH;
  }

  readNow(offset: number, into: Uint8Array, at: number, length: number): boolean {
    this.#check(offset, length);
    requireRoom(into, at, length);
    const end = offset + length;
    while (offset < end) {
      const within = offset % PAGE_LENGTH;
      const run = Math.min(PAGE_LENGTH - within, end - offset);
      const page = this.#page(offset);
      if (page === undefined) into.fill(0, at, at + run);
      else page.read(within, into, at, run);
      offset += run;
      at += run;
    }
    return true;
  }

  writeNow(offset: number, from: Uint8Array, at: number, length: number): boolean {
    this.#check(offset, length);
    requireRoom(from, at, length);
    const end = offset + length;
    while (offset < end) {
      const within = offset % PAGE_LENGTH;
      const run = Math.min(PAGE_LENGTH - within, end - offset);
      (this.#page(offset) ?? this.#newPage(offset)).write(within, from, at, run);
      offset += run;
      at += run;
    }
    return true;
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async read(offset: number, into: Uint8Array, at: number, length: number): Promise<void> {
    this.readNow(offset, into, at, length);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async write(offset: number, from: Uint8Array, at: number, length: number): Promise<void> {
    this.writeNow(offset, from, at, length);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async flush(): Promise<void> {
    this.#check(0, 0);
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async unmap(offset: number, length: number): Promise<void> {
    this.#check(offset, length);
    const end = offset + length;
    while (offset < end) {
      const table = this.#tables[Math.floor(offset / TABLE_LENGTH)];
      if (table === undefined) {
        offset = (Math.floor(offset / TABLE_LENGTH) + 1) * TABLE_LENGTH;
        continue;
      }
      const within = offset % PAGE_LENGTH;
      const run = Math.min(PAGE_LENGTH - within, end - offset);
      this.#unmapInPage(table, offset, run);
      offset += run;
    }
  }

  // deno-lint-ignore require-await -- so that a failure is a rejection
  async extents(offset: number, length: number, limit: number): Promise<Extent[]> {
    this.#check(offset, length);
    const runs: Extent[] = [];
    const end = offset + length;
    while (offset < end && runs.length < limit) {
      const mapped = this.#mapped(offset);
      const start = offset;
      while (offset < end && this.#mapped(offset) === mapped) offset = this.#nextChange(offset);
      offset = Math.min(offset, end);
      runs.push({ offset: start, length: offset - start, mapped });
    }
    return runs;
  }

  async grow(size: number, { ready }: GrowOptions = {}): Promise<void> {
    this.#check(0, 0);
    if (!Number.isSafeInteger(size) || size <= this.#size) {
      throw new RangeError(`a memory device of ${this.#size} octets does not grow to ${size}`);
    }
    await ready?.();
    this.#tables.length = Math.ceil(size / TABLE_LENGTH);
    this.#size = size;
  }

  // deno-lint-ignore require-await -- the interface's form
  async close(): Promise<void> {
    this.#closed = true;
    this.#tables.length = 0;
    this.#pageCount = 0;
  }

  #check(offset: number, length: number): void {
    if (this.#closed) throw new DeviceError("gone", "the memory device is closed");
    requireRange(this.size, offset, length);
  }

  #page(offset: number): MemoryPage | undefined {
    const table = this.#tables[Math.floor(offset / TABLE_LENGTH)];
    return table?.pages[Math.floor(offset / PAGE_LENGTH) % PAGES_A_TABLE];
  }

  #newPage(offset: number): MemoryPage {
    if (this.#pageCount >= this.#mostPages) {
      throw new DeviceError("no-space", "the memory device has reached its limit");
    }
    const page = allocatePage();
    const index = Math.floor(offset / TABLE_LENGTH);
    const table = this.#tables[index] ??= { pages: new Array(PAGES_A_TABLE), count: 0 };
    table.pages[Math.floor(offset / PAGE_LENGTH) % PAGES_A_TABLE] = page;
    table.count++;
    this.#pageCount++;
    return page;
  }

  #unmapInPage(table: PageTable, offset: number, length: number): void {
    const index = Math.floor(offset / PAGE_LENGTH) % PAGES_A_TABLE;
    const page = table.pages[index];
    if (page === undefined) return;
    if (length < PAGE_LENGTH) page.unmap(offset % PAGE_LENGTH, length);
    if (length < PAGE_LENGTH && !page.empty) return;
    table.pages[index] = undefined;
    this.#pageCount--;
    if (--table.count === 0) this.#tables[Math.floor(offset / TABLE_LENGTH)] = undefined;
  }

  #mapped(offset: number): boolean {
    const page = this.#page(offset);
    return page !== undefined && page.mapped(Math.floor(offset % PAGE_LENGTH / SECTOR_LENGTH));
  }

  /** Where the state may next differ: past what is absent or full, else past the sector. */
  #nextChange(offset: number): number {
    const step = this.#uniform(offset);
    return (Math.floor(offset / step) + 1) * step;
  }

  #uniform(offset: number): number {
    if (this.#tables[Math.floor(offset / TABLE_LENGTH)] === undefined) return TABLE_LENGTH;
    const page = this.#page(offset);
    return page === undefined || page.full ? PAGE_LENGTH : SECTOR_LENGTH;
  }
}

function allocatePage(): MemoryPage {
  try {
    return new MemoryPage();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new DeviceError("no-space", "no memory is left for the memory device", { cause });
  }
}
