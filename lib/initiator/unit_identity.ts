/**
 * The name of a logical unit, from its Device Identification page: what stays the same whichever
 * way it is reached, and tells it from every other. SPC-4 7.8.6.
 */

/** Octets before the designators, and before the designator in each. */
const PAGE_HEADER_LENGTH = 4;
const DESIGNATOR_HEADER_LENGTH = 4;

const LOGICAL_UNIT = 0;
const DesignatorType = { T10_VENDOR: 1, EUI_64: 2, NAA: 3, SCSI_NAME: 8 } as const;

/** The kinds that name a unit, the most reliable first, and how each is written. */
const KINDS = [
  { type: DesignatorType.NAA, write: (octets: Uint8Array) => `naa.${octets.toHex()}` },
  { type: DesignatorType.EUI_64, write: (octets: Uint8Array) => `eui.${octets.toHex()}` },
  { type: DesignatorType.SCSI_NAME, write: textOf },
  { type: DesignatorType.T10_VENDOR, write: (octets: Uint8Array) => `t10.${textOf(octets)}` },
] as const;

interface Designator {
  readonly association: number;
  readonly type: number;
  readonly octets: Uint8Array;
}

/**
 * Every name that the page gives the unit, the most reliable first: of one kind that is the
 * longest, since the short NAA may be one that its maker assigned locally.
 */
export function unitNames(page: Uint8Array): readonly string[] {
  const found = [...designators(page)].filter(({ association }) => association === LOGICAL_UNIT)
    .sort((a, b) => b.octets.length - a.octets.length);
  return KINDS.flatMap(({ type, write }) =>
    found.filter((each) => each.type === type && each.octets.length > 0)
      .map(({ octets }) => write(octets))
  );
}

/** What a page of any target holds: its lengths are not trusted. */
function* designators(page: Uint8Array): Generator<Designator> {
  if (page.length < PAGE_HEADER_LENGTH) return;
  const stated = PAGE_HEADER_LENGTH + ((page[2]! << 8) | page[3]!);
  const end = Math.min(page.length, stated);
  for (let at = PAGE_HEADER_LENGTH; at + DESIGNATOR_HEADER_LENGTH <= end;) {
    const start = at + DESIGNATOR_HEADER_LENGTH;
    const next = start + page[at + 3]!;
    if (next > end) return;
    yield {
      association: (page[at + 1]! >>> 4) & 0x03,
      type: page[at + 1]! & 0x0f,
      octets: page.subarray(start, next),
    };
    at = next;
  }
}

/** Text of a name: without what pads it, and without what cannot be printed. */
function textOf(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) {
    text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : " ";
  }
  return text.trim().replaceAll(/ +/g, " ");
}
