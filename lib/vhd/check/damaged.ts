/** Footers and headers of which nothing but the checksum is wrong. */
import { checksum } from "../checksum.ts";
import { type DynamicHeader, DynamicHeaderLayout, parseDynamicHeader } from "../dynamic_header.ts";
import { type Footer, FooterLayout, parseFooter } from "../footer.ts";
import { FormatError } from "../format_error.ts";

type Where = { readonly path: string; readonly at: number };

/** The footer as it would be with the right checksum; undefined: more than that is wrong. */
export function footerButForChecksum(octets: Uint8Array, where: Where): Footer | undefined {
  const copy = octets.slice();
  const view = new FooterLayout(copy);
  view.checksum = checksum(copy, FooterLayout.fields.checksum.at);
  return parsed(() => parseFooter(copy, where));
}

export function headerButForChecksum(octets: Uint8Array, where: Where): DynamicHeader | undefined {
  const copy = octets.slice();
  const view = new DynamicHeaderLayout(copy);
  view.checksum = checksum(copy, DynamicHeaderLayout.fields.checksum.at);
  return parsed(() => parseDynamicHeader(copy, where));
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return undefined;
  }
}
