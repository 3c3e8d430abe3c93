/**
 * The table of commands, by operation code and service action: what dispatches a CDB, and what
 * REPORT SUPPORTED OPERATION CODES tells of. CDB usage masks are kept as four words, so that a CDB
 * is held against them without looking at each octet.
 */
import type { Command } from "./command.ts";
import { INVALID_FIELD_IN_CDB, type Sense, withField } from "./sense.ts";

/**
 * Bits of the CONTROL octet that we look at: NACA, which must be zero, and the reserved ones. SAM-5
 * 5.2.
 */
const CONTROL_CHECKED = 0x3c;

/** One command, made ready for dispatch. */
export class Row {
  readonly command: Command;
  /** The CDB USAGE DATA as octets. */
  readonly usage: Uint8Array;
  /** Ones where a received CDB must have zeros. */
  readonly #forbidden: readonly [number, number, number, number];

  constructor(command: Command) {
    this.command = command;
    this.usage = Uint8Array.from(command.usage.split(" "), (octet) => parseInt(octet, 16));
    const forbidden = new DataView(new ArrayBuffer(16));
    // The operation code has been looked up; what follows the CDB is padding.
    for (let at = 1; at < this.usage.length; at++) {
      const checked = at === this.usage.length - 1 ? CONTROL_CHECKED : 0xff;
      forbidden.setUint8(at, ~this.usage[at]! & checked);
    }
    // The field that holds the service action has been looked up too.
    if (command.serviceAction !== undefined) forbidden.setUint8(1, forbidden.getUint8(1) & ~0x1f);
    this.#forbidden = [0, 4, 8, 12].map((at) => forbidden.getUint32(at)) as unknown as [
      number,
      number,
      number,
      number,
    ];
  }

  /** True where the CDB has a one that nobody looks at. */
  misuses(cdb: DataView): boolean {
    const forbidden = this.#forbidden;
    return (cdb.getUint32(0) & forbidden[0] | cdb.getUint32(4) & forbidden[1] |
      cdb.getUint32(8) & forbidden[2] | cdb.getUint32(12) & forbidden[3]) !== 0;
  }

  /** Points at the first such bit. */
  fault(cdb: DataView): Sense {
    for (let word = 0; word < 4; word++) {
      const wrong = cdb.getUint32(word * 4) & this.#forbidden[word]!;
      if (wrong === 0) continue;
      const leading = Math.clz32(wrong);
      return invalidFieldInCdb(word * 4 + (leading >>> 3), 7 - (leading & 7));
    }
    return INVALID_FIELD_IN_CDB;
  }
}

/** INVALID FIELD IN CDB with a pointer at an octet, or a bit of it. */
export function invalidFieldInCdb(octet: number, bit?: number): Sense {
  const field = bit === undefined ? { octet } : { octet, bit };
  return withField(INVALID_FIELD_IN_CDB, { in: "cdb", ...field });
}

/** The commands that share an operation code: one, or one for each service action. */
export type Entry = Row | readonly (Row | undefined)[];

export class CommandTable {
  readonly #entries: (Entry | undefined)[] = new Array(256).fill(undefined);

  constructor(commands: readonly Command[]) {
    for (const command of commands) this.#add(command);
  }

  /** What stands behind an operation code. */
  entry(opcode: number): Entry | undefined {
    return this.#entries[opcode];
  }

  /** The row of a CDB, if it names a command that is known. */
  find(cdb: DataView): Row | undefined {
    const entry = this.#entries[cdb.getUint8(0)];
    if (entry === undefined || entry instanceof Row) return entry;
    return entry[cdb.getUint8(1) & 0x1f];
  }

  /** Every row, by operation code and then by service action. */
  *rows(): Generator<Row> {
    for (const entry of this.#entries) {
      if (entry instanceof Row) yield entry;
      else for (const row of entry ?? []) if (row !== undefined) yield row;
    }
  }

  #add(command: Command): void {
    const row = new Row(command);
    const present = this.#entries[command.opcode];
    if (command.serviceAction === undefined) {
      if (present !== undefined) throw new RangeError(`${command.name} is in the table already`);
      this.#entries[command.opcode] = row;
      return;
    }
    const actions = (present ?? new Array(32).fill(undefined)) as (Row | undefined)[];
    if (present instanceof Row || actions[command.serviceAction] !== undefined) {
      throw new RangeError(`${command.name} is in the table already`);
    }
    actions[command.serviceAction] = row;
    this.#entries[command.opcode] = actions;
  }
}
