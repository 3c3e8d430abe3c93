/** How a device tells that its logical unit did not do what was asked. */
import { DeviceError, type DeviceErrorKind } from "../block/device.ts";
import * as senses from "../scsi/sense.ts";
import { type Sense, SenseKey } from "../scsi/sense.ts";
import { Status } from "../scsi/status.ts";
import { CommandFailure, type CommandResult } from "./command.ts";
import { UnitError } from "./unit_error.ts";

const BY_KEY: ReadonlyMap<number, DeviceErrorKind> = new Map<number, DeviceErrorKind>([
  [SenseKey.NOT_READY, "gone"],
  [SenseKey.DATA_PROTECT, "read-only"],
]);

const BY_CODE: ReadonlyMap<number, DeviceErrorKind> = new Map<number, DeviceErrorKind>([
  [senses.LBA_OUT_OF_RANGE.code, "out-of-range"],
  [senses.LOGICAL_UNIT_NOT_SUPPORTED.code, "gone"],
  [senses.SPACE_ALLOCATION_FAILED.code, "no-space"],
]);

/** As the standards call them. SPC-4 4.5.6, annex D. */
const KEY_NAMES = new Map<number, string>(
  Object.entries(SenseKey).map(([name, key]) => [key, name.replaceAll("_", " ")]),
);
const CODE_NAMES = new Map<number, string>(
  Object.entries(senses).flatMap(([name, value]): [number, string][] =>
    isSense(value) ? [[value.code, name.toLowerCase().replaceAll("_", " ")]] : []
  ),
);
const STATUS_NAMES = new Map<number, string>(
  Object.entries(Status).map(([name, status]) => [status, name.replaceAll("_", " ")]),
);

function isSense(value: unknown): value is Sense {
  return typeof value === "object" && value !== null && "code" in value && "key" in value;
}

/** The unit is another initiator's for now. */
export class ReservedError extends DeviceError {}

/** A status that is not GOOD, for good. */
export function failureOf(what: string, { status, sense }: CommandResult): DeviceError {
  if (status !== Status.CHECK_CONDITION || sense === undefined) {
    const name = STATUS_NAMES.get(status) ?? `status 0x${status.toString(16)}`;
    if (status !== Status.RESERVATION_CONFLICT) {
      return new DeviceError("medium", `${what}: ${name}`);
    }
    const reason = `${what}: ${name}: another initiator has it reserved`;
    return new ReservedError("medium", reason);
  }
  const kind = BY_CODE.get(sense.code) ?? BY_KEY.get(sense.key) ?? "medium";
  return new DeviceError(kind, `${what}: ${describeSense(sense)}`);
}

/** `ILLEGAL REQUEST, 24/00 (invalid field in cdb)`. */
export function describeSense({ key, code }: Sense): string {
  const hex = (octet: number) => octet.toString(16).padStart(2, "0");
  const name = CODE_NAMES.get(code);
  const numbers = `${hex(code >>> 8)}/${hex(code & 0xff)}`;
  const keyName = KEY_NAMES.get(key) ?? `sense key ${key.toString(16)}`;
  return `${keyName}, ${numbers}${name === undefined ? "" : ` (${name})`}`;
}

/** A command that has no status at all. */
export function failureWithout(what: string, cause: unknown): unknown {
  if (cause instanceof CommandFailure) {
    const kind = cause.kind === "not-sent" || cause.kind === "session-lost" ? "gone" : "medium";
    return new DeviceError(kind, `${what}: ${cause.message}`, { cause });
  }
  if (cause instanceof UnitError) {
    return new DeviceError("gone", `${what}: ${cause.message}`, { cause });
  }
  return cause;
}
