/**
 * The status codes of iscsicli: ISDSC numbers with a severity in the upper digits (E: it failed, A:
 * it worked, with something to know), and a few of Windows.
 */
import type { ControlError, ControlErrorKind } from "../../lib/config/control_error.ts";
import { ISDSC_TEXTS, WARNINGS } from "./isdsc_texts.ts";

/** Windows's own: ERROR_INVALID_PARAMETER. */
export const INVALID_PARAMETER = 87;

export const Isdsc = {
  SUCCESS: 0,
  NON_SPECIFIC_ERROR: 0xefff0001,
  CONNECTION_FAILED: 0xefff0003,
  TARGET_MOVED_TEMPORARILY: 0xefff0006,
  TARGET_MOVED_PERMANENTLY: 0xefff0007,
  AUTHENTICATION_FAILURE: 0xefff0009,
  AUTHORIZATION_FAILURE: 0xefff000a,
  NOT_FOUND: 0xefff000b,
  TARGET_ERROR: 0xefff0012,
  INITIATOR_INSTANCE_NOT_FOUND: 0xefff0017,
  INVALID_SESSION_ID: 0xefff001c,
  SCSI_REQUEST_FAILED: 0xefff001d,
  TARGET_NAME_NOT_FOUND: 0xefff0029,
  INVALID_PORT_NUMBER: 0xefff002d,
  PORTAL_ALREADY_EXISTS: 0xefff0032,
  NOT_ALL_DISCOVERED: 0xafff002e,
  ADDRESS_ALREADY_EXISTS: 0xefff0033,
  REQUEST_NOT_SUPPORTED: 0xefff0037,
  ISNS_SERVER_NOT_FOUND: 0xefff003a,
  CANNOT_REMOVE_LAST_CONNECTION: 0xefff003d,
  SERVICE_NOT_RUNNING: 0xefff003e,
  ALREADY_LOGGED_IN: 0xefff003f,
  DEVICE_BUSY: 0xefff0040,
  CANNOT_REMOVE_PERSISTENT_LOGIN: 0xefff0042,
  PORTAL_NOT_FOUND: 0xefff0043,
  TARGET_SECRET_INVALID: 0xefff004b,
  INITIATOR_SECRET_INVALID: 0xefff004c,
  AUTHENTICATION_TYPE_INVALID: 0xefff004e,
  ISCSI_NAME_INVALID: 0xefff0051,
  DEVICE_ALREADY_BOUND: 0xefff005c,
  DEVICE_NOT_FOUND: 0xefff005d,
  DEVICE_NOT_PERSISTENT: 0xefff005e,
  INVALID_CONNECTION_ID: 0xefff0063,
  CANNOT_REMOVE_LEADING_CONNECTION: 0xefff0064,
} as const;

const ERROR = 0xefff0000;
const WARNING = 0xafff0000;

const TEXTS: ReadonlyMap<number, string> = new Map([
  [Isdsc.SUCCESS, "The operation completed successfully. "],
  [INVALID_PARAMETER, "The parameter is incorrect. "],
  ...ISDSC_TEXTS.map(([low, text]): [number, string] => [
    (WARNINGS.includes(low) ? WARNING : ERROR) + low,
    text,
  ]),
]);

/** The last line of what a command prints. */
export function statusText(status: number): string {
  return TEXTS.get(status) ?? `Status: 0x${status.toString(16)}`;
}

/** RFC 7143 11.13.5: from 0101 to 0302 the statuses of a login have their numbers in order. */
const LOGIN_STATUSES = [
  [0x0101, 0x06],
  [0x0102, 0x07],
  [0x0200, 0x08],
  [0x0201, 0x09],
  [0x0202, 0x0a],
  [0x0203, 0x0b],
  [0x0204, 0x0c],
  [0x0205, 0x0d],
  [0x0206, 0x0e],
  [0x0207, 0x0f],
  [0x0208, 0x10],
  [0x0209, 0x11],
  [0x0300, 0x12],
  [0x0301, 0x13],
  [0x0302, 0x14],
] as const;

const BY_LOGIN_STATUS = new Map<number, number>(
  LOGIN_STATUSES.map(([status, low]) => [status, 0xefff0000 + low]),
);

const BY_KIND: Readonly<Record<ControlErrorKind, number>> = {
  "failed": Isdsc.NON_SPECIFIC_ERROR,
  "usage": INVALID_PARAMETER,
  "in-use": Isdsc.DEVICE_BUSY,
  "not-found": Isdsc.NOT_FOUND,
  "permission": Isdsc.AUTHENTICATION_FAILURE,
  "unreachable": Isdsc.CONNECTION_FAILED,
  "at-risk": Isdsc.NON_SPECIFIC_ERROR,
};

/** A command that ends with a status of its own choice. */
export class IscsicliError extends Error {
  override readonly name = "IscsicliError";

  /** `message` is printed before the status; empty: nothing is. */
  constructor(readonly status: number, message = "") {
    super(message);
  }
}

/** What a failure is as a status; `otherwise` says what its kind means to the command at hand. */
export function statusOf(
  error: ControlError,
  otherwise: Partial<Record<ControlErrorKind, number>> = {},
): number {
  const { loginStatus, kind } = error;
  const byLogin = loginStatus === undefined ? undefined : BY_LOGIN_STATUS.get(loginStatus);
  return byLogin ?? otherwise[kind] ?? BY_KIND[kind];
}
