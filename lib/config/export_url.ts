/** Disks that an NBD server has: the place of such a one is its URL, where others have a path. */
import { type NbdAddress, NbdUrlError, parseNbdUrl } from "../nbd/address.ts";
import { isAbsolute } from "../runtime/path.ts";
import { ControlError } from "./control_error.ts";

/** Whether the place of a disk is an export, and not a file. */
export function isExportUrl(place: string): boolean {
  return /^nbds?(\+unix)?:/i.test(place);
}

/** Where the export is; refuses what does not say that, or not to everybody alike. */
export function checkExportUrl(url: string): NbdAddress {
  try {
    const address = parseNbdUrl(url);
    if (address.transport === "tcp" || isAbsolute(address.path)) return address;
    const next = "give its path from the root on, so that the service finds it too";
    throw new ControlError("usage", `the socket ${address.path} has no absolute path`, next);
  } catch (error) {
    if (!(error instanceof NbdUrlError)) throw error;
    throw new ControlError("usage", error.message, undefined, { cause: error });
  }
}
