/** The journal that a disk was left with whose process ended without closing it. */
import type { FileStore } from "../block/file_store.ts";
import type { PositionalFile } from "../block/positional_file.ts";
import { FormatError } from "./format_error.ts";
import { bootOctets } from "./journal.ts";
import {
  JOURNAL_COOKIE,
  JOURNAL_VERSION,
  journalChecksum,
  JournalHeaderLayout,
  JournalRecordLayout,
} from "./journal_layout.ts";

/** Units of a block that the disk got. */
export interface JournalRecord {
  readonly block: number;
  readonly sector: number;
  readonly firstUnit: number;
  readonly endUnit: number;
}

export interface LeftJournal {
  /** What counts: nothing where the kernel has been started anew since. */
  readonly records: readonly JournalRecord[];
  /** The disk's file is not to be cut before this; undefined: it cannot be told. */
  readonly floor: number | undefined;
}

export interface LeftJournalOptions {
  readonly files: FileStore;
  readonly bootId: string | undefined;
  readonly diskId: Uint8Array;
}

const HEADER_LENGTH = JournalHeaderLayout.length;
const RECORD_LENGTH = JournalRecordLayout.length;
/** A journal has no more octets. */
const MOST_OCTETS = 8 << 20;

/** Reads the journal, if there is one. A file of that name that is no journal is refused. */
export async function readLeftJournal(
  path: string,
  options: LeftJournalOptions,
): Promise<LeftJournal | undefined> {
  if (!await options.files.exists(path)) return undefined;
  const file = await options.files.open(path, { readOnly: true });
  try {
    return await readJournal(file, options);
  } finally {
    file.close();
  }
}

async function readJournal(
  file: PositionalFile,
  { bootId, diskId }: LeftJournalOptions,
): Promise<LeftJournal> {
  // After a loss of power what was being written may be anything that was there, or zeros.
  const lost: LeftJournal = { records: [], floor: undefined };
  const { path, length } = file;
  if (length < HEADER_LENGTH) return lost;
  const octets = new Uint8Array(Math.min(length, MOST_OCTETS));
  await file.read(0, octets, 0, octets.length);
  const header = new JournalHeaderLayout(octets);
  if (octets.subarray(0, HEADER_LENGTH).every((octet) => octet === 0)) return lost;
  if (header.cookie !== JOURNAL_COOKIE) {
    throw new FormatError("it is no journal of the disk beside it; move it away", { path, at: 0 });
  }
  if (header.checksum !== journalChecksum(octets, 0, HEADER_LENGTH)) return lost;
  if (header.version !== JOURNAL_VERSION) {
    const message = `it is a journal of version ${header.version}; open the disk with the sanctl ` +
      "that wrote it";
    throw new FormatError(message, { path, at: 8 });
  }
  if (!isSame(header.diskId, diskId)) {
    const message = "it is the journal of another disk; move it away, or put that disk back";
    throw new FormatError(message, { path, at: 32 });
  }
  const records = recordsIn(octets, header.salt);
  if (records.length > 0 && bootId === undefined && header.bootId.some((octet) => octet !== 0)) {
    // What was acknowledged must not be dropped for want of knowing.
    const message = "its disk was left by a process that was killed, and it cannot be told here " +
      "whether the system was started anew since; start the service once, which can tell";
    throw new FormatError(message, { path, at: 16 });
  }
  const boot = bootOctets(bootId);
  const isSameBoot = boot.some((octet) => octet !== 0) && isSame(header.bootId, boot);
  return { records: isSameBoot ? records : [], floor: header.floor };
}

function recordsIn(octets: Uint8Array, salt: number): JournalRecord[] {
  const records: JournalRecord[] = [];
  const record = new JournalRecordLayout(octets);
  for (let at = HEADER_LENGTH; at + RECORD_LENGTH <= octets.length; at += RECORD_LENGTH) {
    record.base = at;
    if (record.salt !== salt) continue;
    if (record.checksum !== journalChecksum(octets, at, RECORD_LENGTH)) continue;
    const { block, sector, firstUnit, endUnit } = record;
    records.push({ block, sector, firstUnit, endUnit });
  }
  return records;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((octet, at) => octet === other[at]);
}
