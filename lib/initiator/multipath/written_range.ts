/** Which blocks a command changes, by its CDB. SBC-3 clause 5. */
import { CommandFailure } from "../command.ts";

export interface BlockRange {
  readonly lba: number;
  readonly blockCount: number;
}

/** How a CDB says it. */
interface Form {
  readonly lbaAt: number;
  readonly countAt: number;
  readonly width: 2 | 4;
  readonly lbaWidth: 4 | 8;
  /** No blocks means all up to the last one. */
  readonly noneIsRest?: true;
}

const OF_10: Form = { lbaAt: 2, lbaWidth: 4, countAt: 7, width: 2 };
const OF_12: Form = { lbaAt: 2, lbaWidth: 4, countAt: 6, width: 4 };
const OF_16: Form = { lbaAt: 2, lbaWidth: 8, countAt: 10, width: 4 };

const FORMS: ReadonlyMap<number, Form> = new Map([
  [0x2a, OF_10], // WRITE(10)
  [0xaa, OF_12], // WRITE(12)
  [0x8a, OF_16], // WRITE(16)
  [0x2e, OF_10], // WRITE AND VERIFY(10)
  [0xae, OF_12], // WRITE AND VERIFY(12)
  [0x8e, OF_16], // WRITE AND VERIFY(16)
  [0x41, { ...OF_10, noneIsRest: true }], // WRITE SAME(10)
  [0x93, { ...OF_16, noneIsRest: true }], // WRITE SAME(16)
]);

/** Commands that change nothing, wherever and however often they are carried out. */
const HARMLESS: ReadonlySet<number> = new Set([
  ...[0x00, 0x03, 0x12, 0x1a, 0x5a, 0xa0], // what tells of the unit
  ...[0x25, 0x9e, 0xa3, 0x5e], // READ CAPACITY, GET LBA STATUS, REPORT …, PERSISTENT RESERVE IN
  ...[0x08, 0x28, 0xa8, 0x88], // READ
  ...[0x2f, 0xaf, 0x8f], // VERIFY
  ...[0x35, 0x91, 0x34, 0x90], // SYNCHRONIZE CACHE, PRE-FETCH
]);

const UNMAP = 0x42;
/** Of the parameter list of UNMAP. SBC-3 5.28. */
const DESCRIPTORS_AT = 8;
const DESCRIPTOR_LENGTH = 16;

/** Undefined: none. */
export function writtenRange(
  cdb: Uint8Array,
  dataOut: Uint8Array | undefined,
): BlockRange | undefined {
  const opcode = cdb[0]!;
  if (HARMLESS.has(opcode)) return undefined;
  const form = FORMS.get(opcode);
  if (form !== undefined) return inCdb(cdb, form);
  if (opcode === UNMAP && dataOut !== undefined) return hullOf(dataOut);
  // What is done once only must not be done again when a path fails.
  const name = `0x${opcode.toString(16).padStart(2, "0")}`;
  throw new CommandFailure("not-sent", `operation code ${name} cannot be sent over several paths`);
}

function inCdb(cdb: Uint8Array, form: Form): BlockRange {
  const view = new DataView(cdb.buffer, cdb.byteOffset, cdb.byteLength);
  const { lbaAt, lbaWidth, countAt, width, noneIsRest } = form;
  const lba = lbaWidth === 4 ? view.getUint32(lbaAt) : Number(view.getBigUint64(lbaAt));
  const count = width === 2 ? view.getUint16(countAt) : view.getUint32(countAt);
  return { lba, blockCount: count === 0 && noneIsRest ? Infinity : count };
}

/** From the first to the last block that UNMAP names. */
function hullOf(list: Uint8Array): BlockRange {
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  let first = Infinity;
  let end = 0;
  for (let at = DESCRIPTORS_AT; at + DESCRIPTOR_LENGTH <= list.length; at += DESCRIPTOR_LENGTH) {
    const lba = Number(view.getBigUint64(at));
    first = Math.min(first, lba);
    end = Math.max(end, lba + view.getUint32(at + 8));
  }
  return end === 0 ? { lba: 0, blockCount: 0 } : { lba: first, blockCount: end - first };
}
