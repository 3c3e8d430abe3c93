/** Options, which the client asks for one by one. doc/proto.md, "Option types". */
import { ascii, layout, u32 } from "../../wire/layout.ts";

export const Option = {
  EXPORT_NAME: 1,
  ABORT: 2,
  LIST: 3,
  STARTTLS: 5,
  INFO: 6,
  GO: 7,
  STRUCTURED_REPLY: 8,
  LIST_META_CONTEXT: 9,
  SET_META_CONTEXT: 10,
} as const;

/** What comes before the data of an option. */
export const OptionHeader = layout(16, {
  optionMagic: ascii(0, 8),
  option: u32(8),
  dataLength: u32(12),
});

/** "Conventions": no name and no message is longer. */
export const MOST_STRING_LENGTH = 4096;
