/**
 * SANITIZE: makes all that was ever written unreadable, by overwriting it or by erasing blocks.
 * SBC-3 4.11. Cryptographic erase is not offered, as nothing here is encrypted.
 */
import { bits, flag, layout, u16 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import { invalidFieldInCdb } from "../command_table.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { sanitize, type SanitizePass } from "../sanitizing.ts";
import {
  INVALID_FIELD_IN_PARAMETER_LIST,
  PARAMETER_LIST_LENGTH_ERROR,
  withField,
} from "../sense.ts";
import type { Step, Task } from "../task.ts";
import { writeHeld } from "../transfer.ts";

const SanitizeCdb = layout(10, {
  immed: flag(1, 7),
  ause: flag(1, 5), // allow unrestricted sanitize exit
  parameterListLength: u16(7),
});

const OverwriteHeader = layout(4, {
  invert: flag(0, 7),
  test: bits(0, 0x60),
  overwriteCount: bits(0, 0x1f),
  initializationPatternLength: u16(2),
});

const PARAMETER_LIST_LENGTH_AT = 7;
/** Octets of a slice: what is written, or what is unmapped, at once. */
const WRITE_SLICE = 1 << 20;
const UNMAP_SLICE = 16 << 20;

interface Method {
  readonly name: string;
  readonly serviceAction: number;
  readonly offered?: (unit: LogicalUnit) => boolean;
  readonly execute: (task: Task, unit: LogicalUnit) => Step;
}

function row({ name, serviceAction, offered, execute }: Method): Command {
  const action = (0xa0 | serviceAction).toString(16);
  return {
    name: `SANITIZE ${name}`,
    opcode: 0x48,
    serviceAction,
    usage: `48 ${action} 00 00 00 00 00 ff ff 00`,
    access: Access.WRITE,
    writes: execute !== exitFailureMode,
    medium: true,
    ...(offered === undefined ? {} : { offered }),
    execute,
  };
}

export const sanitizes: readonly Command[] = [
  row({ name: "OVERWRITE", serviceAction: 0x01, execute: overwrite }),
  // SBC-3 4.11: what is erased is unmapped, so only a thin unit can.
  row({
    name: "BLOCK ERASE",
    serviceAction: 0x02,
    offered: (unit) => unit.thin,
    execute: blockErase,
  }),
  row({ name: "EXIT FAILURE MODE", serviceAction: 0x1f, execute: exitFailureMode }),
];

function overwrite(task: Task, unit: LogicalUnit): Step {
  const { parameterListLength: length } = new SanitizeCdb(task.cdb);
  // A pattern of one octet at least, of a block at most.
  const isRight = length > OverwriteHeader.length &&
    length <= OverwriteHeader.length + unit.blockLength;
  if (!isRight) return task.fail(invalidFieldInCdb(PARAMETER_LIST_LENGTH_AT));
  return task.collect(length, overwriteWith);
}

function overwriteWith(task: Task, unit: LogicalUnit): Step {
  const { parameterListLength, immed, ause } = new SanitizeCdb(task.cdb);
  if (task.data.length < parameterListLength) return task.fail(PARAMETER_LIST_LENGTH_ERROR);
  const header = new OverwriteHeader(task.data);
  if (header.test !== 0) return failIn(task, 0, 6);
  if (header.overwriteCount === 0) return failIn(task, 0, 4);
  const patternLength = header.initializationPatternLength;
  const isWhole = OverwriteHeader.length + patternLength <= parameterListLength;
  if (patternLength === 0 || !isWhole) return failIn(task, 2);
  const pattern = task.data.slice(OverwriteHeader.length, OverwriteHeader.length + patternLength);
  const passes = overwritePasses(
    blockOf(pattern, unit.blockLength),
    header.overwriteCount,
    header.invert,
  );
  return sanitize(task, unit, { passes, immed, unrestrictedExit: ause });
}

function failIn(task: Task, octet: number, bit?: number): Step {
  const field = bit === undefined ? { octet } : { octet, bit };
  return task.fail(withField(INVALID_FIELD_IN_PARAMETER_LIST, { in: "data", ...field }));
}

/** The pattern again and again, beginning anew with the block. */
function blockOf(pattern: Uint8Array, blockLength: number): Uint8Array {
  return Uint8Array.from({ length: blockLength }, (_, i) => pattern[i % pattern.length]!);
}

/** With INVERT every other pass has the ones' complement, and the last one the pattern itself. */
function overwritePasses(block: Uint8Array, count: number, invert: boolean): SanitizePass[] {
  const plain = writePass(block);
  const inverted = invert ? writePass(block.map((octet) => ~octet)) : plain;
  return Array.from({ length: count }, (_, i) => (count - 1 - i) % 2 === 0 ? plain : inverted);
}

function writePass(block: Uint8Array): SanitizePass {
  const octets = new Uint8Array(WRITE_SLICE);
  for (let at = 0; at < octets.length; at += block.length) octets.set(block, at);
  return {
    sliceLength: WRITE_SLICE,
    writes: true,
    slice: (device, offset, length) => writeHeld(device, offset, octets.subarray(0, length)),
  };
}

const ERASE: SanitizePass = {
  sliceLength: UNMAP_SLICE,
  writes: false,
  slice: (device, offset, length) => device.unmap(offset, length),
};

function blockErase(task: Task, unit: LogicalUnit): Step {
  const { parameterListLength, immed, ause } = new SanitizeCdb(task.cdb);
  if (parameterListLength > 0) return task.fail(invalidFieldInCdb(PARAMETER_LIST_LENGTH_AT));
  return sanitize(task, unit, { passes: [ERASE], immed, unrestrictedExit: ause });
}

/** SBC-3 4.11: leaves the failed state, if the command that failed allowed it. */
function exitFailureMode(task: Task, unit: LogicalUnit): Step {
  const { parameterListLength } = new SanitizeCdb(task.cdb);
  if (parameterListLength > 0) return task.fail(invalidFieldInCdb(PARAMETER_LIST_LENGTH_AT));
  if (unit.medium.sanitize === "none") return task.done();
  if (!unit.medium.unrestrictedExit) return task.fail(invalidFieldInCdb(1, 4));
  unit.medium.sanitized("none");
  return task.done();
}
