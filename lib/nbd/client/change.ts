/** What has become worse of an export since it was opened: then it is not the same any more. */
import { TransmissionFlag } from "../messages/export_info.ts";
import type { Terms } from "./terms.ts";

/** Abilities that are used once they were offered. */
const USED = TransmissionFlag.SEND_FLUSH | TransmissionFlag.SEND_FUA | TransmissionFlag.SEND_TRIM |
  TransmissionFlag.SEND_WRITE_ZEROES;

/** Undefined: nothing that matters. */
export function changeOf(before: Terms, now: Terms): string | undefined {
  if (now.size < before.size) return `it has shrunk from ${before.size} to ${now.size} octets`;
  if (now.minimumBlockSize > before.minimumBlockSize) return "its blocks have grown";
  if (now.maximumPayloadSize < before.maximumPayloadSize) return "it takes less in one request";
  const readOnly = TransmissionFlag.READ_ONLY;
  if ((now.transmissionFlags & ~before.transmissionFlags & readOnly) !== 0) {
    return "it has become read-only";
  }
  const lost = before.transmissionFlags & ~now.transmissionFlags & USED;
  if (lost !== 0) return `it can no more what it could (flags 0x${lost.toString(16)})`;
  const told = before.allocationContextId !== undefined;
  if (told && now.allocationContextId === undefined) return "it tells no more what is allocated";
  return undefined;
}
