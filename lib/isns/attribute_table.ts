/** The attributes that iSCSI needs: a tag, a form and a length each. RFC 4171 6.1. */

/** `empty` has no value, `number` four octets, `time` eight, `address` sixteen. */
export type Form = "empty" | "text" | "number" | "time" | "address";

export interface AttributeRow {
  readonly tag: number;
  readonly form: Form;
  /** Octets at most; of text with the NUL at its end. */
  readonly most: number;
}

const NUMBER = { form: "number", most: 4 } as const;
const ADDRESS = { form: "address", most: 16 } as const;
/** RFC 4171 6.4.1: 223 octets of a name, and a NUL. */
const NAME = { form: "text", most: 224 } as const;
const TEXT = { form: "text", most: 256 } as const;

export const ATTRIBUTES = {
  delimiter: { tag: 0, form: "empty", most: 0 },
  entityIdentifier: { tag: 1, ...TEXT },
  entityProtocol: { tag: 2, ...NUMBER },
  timestamp: { tag: 4, form: "time", most: 8 },
  registrationPeriod: { tag: 6, ...NUMBER },
  entityIndex: { tag: 7, ...NUMBER },
  portalAddress: { tag: 16, ...ADDRESS },
  portalPort: { tag: 17, ...NUMBER },
  portalSymbolicName: { tag: 18, ...TEXT },
  esiInterval: { tag: 19, ...NUMBER },
  esiPort: { tag: 20, ...NUMBER },
  portalIndex: { tag: 22, ...NUMBER },
  scnPort: { tag: 23, ...NUMBER },
  iscsiName: { tag: 32, ...NAME },
  iscsiNodeType: { tag: 33, ...NUMBER },
  iscsiAlias: { tag: 34, ...TEXT },
  iscsiScnBitmap: { tag: 35, ...NUMBER },
  iscsiNodeIndex: { tag: 36, ...NUMBER },
  portalGroupName: { tag: 48, ...NAME },
  portalGroupAddress: { tag: 49, ...ADDRESS },
  portalGroupPort: { tag: 50, ...NUMBER },
  portalGroupTag: { tag: 51, ...NUMBER },
  portalGroupIndex: { tag: 52, ...NUMBER },
} as const satisfies Readonly<Record<string, AttributeRow>>;

export type AttributeName = keyof typeof ATTRIBUTES;

const NAMES = new Map<number, AttributeName>(
  Object.entries(ATTRIBUTES).map(([name, { tag }]) => [tag, name as AttributeName]),
);

/** What we call the attribute; undefined for those that we have no use for. */
export function nameOfTag(tag: number): AttributeName | undefined {
  return NAMES.get(tag);
}

/** RFC 4171 6.2.2. */
export const PROTOCOL_ISCSI = 2;

/** Bits of the type of a node. RFC 4171 6.4.2. */
export const NodeType = { TARGET: 1, INITIATOR: 2, CONTROL: 4 } as const;

/** Bits of what a node is told of, and of what it has been told. RFC 4171 6.4.4. */
export const ScnBit = {
  TARGET_AND_SELF: 0x40,
  OBJECT_REMOVED: 0x10,
  OBJECT_ADDED: 0x08,
  OBJECT_UPDATED: 0x04,
} as const;

/** RFC 4171 6.3.2: the bit that makes a port one of UDP. */
export const UDP_PORT = 0x1_0000;
