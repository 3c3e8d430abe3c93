/** What the operating system's error names mean for a device. */
import { DeviceError, type DeviceErrorKind } from "./device.ts";

/** Whatever else the system reports is the medium's failure. */
const KINDS: Readonly<Record<string, DeviceErrorKind>> = {
  ENOSPC: "no-space",
  EDQUOT: "no-space",
  EROFS: "read-only",
  EPERM: "read-only", // an immutable or append-only file
  EACCES: "read-only",
  ENODEV: "gone",
  ENXIO: "gone",
  ENOTCONN: "gone", // the server of a mounted file system has died
  ESTALE: "gone", // NFS: the file was removed on its server
};

/** The system's failure as the device's. What the system did not report is passed on as it is. */
export function deviceError(cause: unknown, what: string): unknown {
  const code = errorCode(cause);
  if (!(cause instanceof Error) || code === undefined) return cause;
  return new DeviceError(KINDS[code] ?? "medium", `${what}: ${cause.message}`, { cause });
}

/** The system's name of an error, such as ENOSPC. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
