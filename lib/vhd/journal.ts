/**
 * What makes a kill of the process lose nothing that was acknowledged: units that a disk has got
 * and whose bitmaps wait for a flush are noted here before a write is answered, by a plain write
 * without a sync. After a kill the page cache still has the data and the notes; after a loss of
 * power, which another boot id shows, the notes are worth nothing and not needed.
 *
 * The notes of one epoch are in one half, while the next one gathers in the other. Its space is
 * taken at the beginning, so that a full file system cannot refuse a note.
 */
import type { FileStore } from "../block/file_store.ts";
import type { PositionalFile } from "../block/positional_file.ts";
import type { Random } from "../runtime/random.ts";
import {
  JOURNAL_COOKIE,
  JOURNAL_VERSION,
  journalChecksum,
  JournalHeaderLayout,
  JournalRecordLayout,
} from "./journal_layout.ts";

const HEADER_LENGTH = JournalHeaderLayout.length;
const RECORD_LENGTH = JournalRecordLayout.length;
const RECORDS_OF_HALF = 16_384;

export interface JournalOptions {
  readonly files: FileStore;
  readonly bootId: string | undefined;
  readonly diskId: Uint8Array;
  readonly floor: number;
  readonly random: Random;
  /** For tests: fewer fill up sooner. */
  readonly recordsOfHalf?: number | undefined;
}

export class Journal {
  readonly #file: PositionalFile;
  readonly #files: FileStore;
  readonly #record = new JournalRecordLayout(new Uint8Array(RECORD_LENGTH));
  readonly #octets: Uint8Array;
  readonly #recordsOfHalf: number;
  #half: 0 | 1 = 0;
  /** Records in the half that gathers. */
  #count = 0;
  /** The other half has notes that are not published yet. */
  #othersLive = false;

  private constructor(file: PositionalFile, options: JournalOptions, salt: number) {
    this.#file = file;
    this.#files = options.files;
    this.#recordsOfHalf = options.recordsOfHalf ?? RECORDS_OF_HALF;
    const { buffer } = this.#record.view;
    this.#octets = new Uint8Array(buffer);
    this.#record.salt = salt;
  }

  /** Begins a journal, in place of one that has been replayed. */
  static async create(path: string, options: JournalOptions): Promise<Journal> {
    const { recordsOfHalf = RECORDS_OF_HALF } = options;
    const salt = options.random.u32();
    const file = await options.files.replace(path);
    try {
      const octets = new Uint8Array(HEADER_LENGTH + 2 * recordsOfHalf * RECORD_LENGTH);
      await file.resize(octets.length);
      const header = new JournalHeaderLayout(octets);
      header.cookie = JOURNAL_COOKIE;
      header.version = JOURNAL_VERSION;
      header.recordsOfHalf = recordsOfHalf;
      header.bootId = bootOctets(options.bootId);
      header.diskId = options.diskId;
      header.salt = salt;
      header.floor = options.floor;
      header.checksum = journalChecksum(octets, 0, HEADER_LENGTH);
      file.writeSync(0, octets, 0, octets.length);
      return new Journal(file, options, salt);
    } catch (error) {
      file.close();
      await options.files.remove(path);
      throw error;
    }
  }

  /** Whether that many records can be noted before the next flush. */
  hasRoom(records: number): boolean {
    return this.#count + records <= this.#recordsOfHalf;
  }

  /** Notes units of a block; there is room. */
  append(block: number, sector: number, firstUnit: number, endUnit: number): void {
    const record = this.#record;
    record.block = block;
    record.sector = sector;
    record.firstUnit = firstUnit;
    record.endUnit = endUnit;
    record.checksum = journalChecksum(this.#octets, 0, RECORD_LENGTH);
    const index = this.#half * this.#recordsOfHalf + this.#count;
    this.#file.writeSync(HEADER_LENGTH + index * RECORD_LENGTH, this.#octets, 0, RECORD_LENGTH);
    this.#count++;
  }

  /** An epoch ends: what is noted from now on is the next one's, where there is a half for it. */
  turn(): void {
    if (this.#othersLive) return;
    this.#half = this.#half === 0 ? 1 : 0;
    this.#count = 0;
    this.#othersLive = true;
  }

  /** The epochs that have ended are published. */
  retire(): void {
    this.#othersLive = false;
  }

  /** The disk says all by itself. */
  async remove(): Promise<void> {
    this.#file.close();
    await this.#files.remove(this.#file.path);
  }

  /** Lets go of the file, which stays. */
  close(): void {
    this.#file.close();
  }
}

export function journalPath(path: string): string {
  return `${path}.sjl`;
}

/** The sixteen octets of a UUID, or zeros. */
export function bootOctets(bootId: string | undefined): Uint8Array {
  const hex = bootId?.replaceAll("-", "") ?? "";
  return /^[0-9a-f]{32}$/.test(hex) ? Uint8Array.fromHex(hex) : new Uint8Array(16);
}
