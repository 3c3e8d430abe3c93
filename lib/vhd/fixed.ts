/** Fixed VHDs: the data from the file's first octet, then the footer. */
import { DiskType, type Footer, NO_DATA_OFFSET } from "./footer.ts";
import { newFooter, type NewFooterOptions } from "./new_footer.ts";

/** The footer of a new fixed disk of `size` octets, which has been validated. */
export function fixedFooter(size: number, options: NewFooterOptions = {}): Footer {
  return newFooter({ size, diskType: DiskType.FIXED, dataOffset: NO_DATA_OFFSET }, options);
}
