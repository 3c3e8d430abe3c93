/**
 * Extended INQUIRY Data, page 86h. SPC-4 7.8; offsets are from the page's start, less the header.
 */
import { flag, layout } from "../../wire/layout.ts";

export const ExtendedInquiryBody = layout(60, {
  headSup: flag(1, 2), // HEAD OF QUEUE tasks
  ordSup: flag(1, 1),
  simpSup: flag(1, 0),
  vSup: flag(2, 0), // a volatile cache
  luiClr: flag(3, 0), // a lost nexus clears its unit attentions
});

export function extendedInquiry(): Uint8Array {
  const octets = new Uint8Array(ExtendedInquiryBody.length);
  const body = new ExtendedInquiryBody(octets);
  body.headSup = true;
  body.ordSup = true;
  body.simpSup = true;
  body.vSup = true;
  body.luiClr = true;
  return octets;
}
