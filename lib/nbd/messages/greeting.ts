/**
 * How a connection begins: the server's greeting, and what the client answers. doc/proto.md,
 * "Newstyle negotiation".
 */
import { ascii, layout, u16, u32 } from "../../wire/layout.ts";

/** What every greeting begins with. */
export const NBD_MAGIC = "NBDMAGIC";
/** The newstyle handshake, and every option of it. */
export const OPTION_MAGIC = "IHAVEOPT";

export const Greeting = layout(18, {
  nbdMagic: ascii(0, 8),
  optionMagic: ascii(8, 8),
  handshakeFlags: u16(16),
});

/** "Handshake flags". */
export const HandshakeFlag = { FIXED_NEWSTYLE: 0x0001, NO_ZEROES: 0x0002 } as const;

export const ClientGreeting = layout(4, { clientFlags: u32(0) });

/** "Client flags"; each answers the handshake flag of the same value. */
export const ClientFlag = { FIXED_NEWSTYLE: 0x0001, NO_ZEROES: 0x0002 } as const;
