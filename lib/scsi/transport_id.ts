/**
 * TransportIDs: how a parameter list names an initiator port. SPC-4 7.6.4.6, iSCSI only. A device
 * server answers with the port's name (format 01b), and takes the device's name (format 00b) too.
 */
import { bits, layout, u16 } from "../wire/layout.ts";

const ISCSI = 0x5;
const DEVICE_NAME = 0b00;
const PORT_NAME = 0b01;
/** What stands between an iSCSI name and the ISID in a port's name. RFC 7143 4.4.2. */
const ISID_SEPARATOR = ",i,0x";
const ISID_DIGITS = 12;
/** Octets of the longest iSCSI name. RFC 7143 4.2.7. */
const MOST_NAME_OCTETS = 223;
/** ADDITIONAL LENGTH of the shortest one. */
const LEAST_ADDITIONAL_LENGTH = 20;
/** The longest: name, separator, ISID and terminator, in whole words. */
const MOST_ADDITIONAL_LENGTH = (MOST_NAME_OCTETS + ISID_SEPARATOR.length + ISID_DIGITS + 4) & ~3;

const TransportIdHeader = layout(4, {
  format: bits(0, 0xc0),
  protocolIdentifier: bits(0, 0x0f),
  additionalLength: u16(2),
});

/** Octets of the longest TransportID. */
export const MOST_TRANSPORT_ID_OCTETS = TransportIdHeader.length + MOST_ADDITIONAL_LENGTH;

export interface TransportId {
  readonly initiatorName: string;
  /** The name of one port; undefined where it is the device, and all its ports, that is named. */
  readonly initiatorPort: string | undefined;
  /** Octets that it took. */
  readonly length: number;
}

/** The TransportID, format 01b, of the initiator port of this name. */
export function emitTransportId(initiatorPort: string): Uint8Array {
  const text = new TextEncoder().encode(initiatorPort);
  // Terminated by at least one zero, and padded with zeros to a whole word.
  const additionalLength = Math.max(LEAST_ADDITIONAL_LENGTH, (text.length + 4) & ~3);
  const octets = new Uint8Array(TransportIdHeader.length + additionalLength);
  const header = new TransportIdHeader(octets);
  header.format = PORT_NAME;
  header.protocolIdentifier = ISCSI;
  header.additionalLength = additionalLength;
  octets.set(text, TransportIdHeader.length);
  return octets;
}

/** The TransportID at `at`, or undefined where there is none that names an iSCSI initiator. */
export function parseTransportId(octets: Uint8Array, at: number): TransportId | undefined {
  if (octets.length - at < TransportIdHeader.length) return undefined;
  const { format, protocolIdentifier, additionalLength } = new TransportIdHeader(octets, at);
  const start = at + TransportIdHeader.length;
  const valid = protocolIdentifier === ISCSI && additionalLength % 4 === 0 &&
    additionalLength >= LEAST_ADDITIONAL_LENGTH && additionalLength <= MOST_ADDITIONAL_LENGTH &&
    start + additionalLength <= octets.length;
  if (!valid) return undefined;
  const text = terminated(octets.subarray(start, start + additionalLength));
  if (text === undefined) return undefined;
  const length = TransportIdHeader.length + additionalLength;
  if (format === DEVICE_NAME) return deviceNamed(text, length);
  return format === PORT_NAME ? portNamed(text, length) : undefined;
}

/** The iSCSI name in the name of an initiator port. */
export function initiatorNameOf(initiatorPort: string): string {
  const at = initiatorPort.lastIndexOf(ISID_SEPARATOR);
  return at < 0 ? initiatorPort : initiatorPort.slice(0, at);
}

/** The text up to its zero octet; what follows must be zero too. iSCSI names are lower case. */
function terminated(octets: Uint8Array): string | undefined {
  const end = octets.indexOf(0);
  if (end <= 0 || octets.subarray(end).some((octet) => octet !== 0)) return undefined;
  const text = new TextDecoder().decode(octets.subarray(0, end));
  return text.includes("\ufffd") ? undefined : text.toLowerCase();
}

function deviceNamed(text: string, length: number): TransportId | undefined {
  // A comma separates a name from its ISID, so a name has none.
  if (text.includes(",")) return undefined;
  return { initiatorName: text, initiatorPort: undefined, length };
}

function portNamed(text: string, length: number): TransportId | undefined {
  const found = /^([^,]+),i,0x([0-9a-f]{1,12})$/.exec(text);
  if (found === null) return undefined;
  const [, initiatorName, isid] = found as unknown as [string, string, string];
  const initiatorPort = initiatorName + ISID_SEPARATOR + isid.padStart(ISID_DIGITS, "0");
  return { initiatorName, initiatorPort, length };
}
