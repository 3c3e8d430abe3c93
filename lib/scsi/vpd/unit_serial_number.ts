/** Unit Serial Number, page 80h: the disk's UUID in hex. SPC-4 7.8. */
import type { LogicalUnit } from "../logical_unit.ts";

export function unitSerialNumber({ identity }: LogicalUnit): Uint8Array {
  return new TextEncoder().encode(serialNumber(identity.uuid));
}

/** The UUID as 32 hex digits. */
export function serialNumber(uuid: Uint8Array): string {
  return Array.from(uuid, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
