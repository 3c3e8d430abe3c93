/** The six types of persistent reservation, and what each leaves to whom. */
import { Access } from "../command.ts";

/** The TYPE field of PERSISTENT RESERVE IN and OUT. */
export const ReservationType = {
  WRITE_EXCLUSIVE: 1,
  EXCLUSIVE_ACCESS: 3,
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY: 5,
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY: 6,
  WRITE_EXCLUSIVE_ALL_REGISTRANTS: 7,
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS: 8,
} as const;
export type ReservationType = typeof ReservationType[keyof typeof ReservationType];

/** How a nexus stands to the reservation in force. */
export const Standing = { HOLDER: 0, REGISTERED: 1, NOT_REGISTERED: 2 } as const;
export type Standing = typeof Standing[keyof typeof Standing];

/** Access classes as bits: what is set is allowed. */
export type AllowedAccess = number;

const ANYTHING = allowing(...Object.values(Access));

/** Where nothing is reserved. */
export const ALLOWED_TO_ALL = ANYTHING;
/** To others than the one that holds the unit by RESERVE: even mode data cannot be had. */
export const ALLOWED_UNDER_RESERVE = allowing(Access.ALWAYS, Access.OWN);

const READING = allowing(Access.ALWAYS, Access.OWN, Access.QUERY, Access.READ);
const NOTHING = allowing(Access.ALWAYS, Access.OWN, Access.QUERY);

interface Row {
  /** What each standing may do, in the order of `Standing`. */
  readonly allowed: readonly [AllowedAccess, AllowedAccess, AllowedAccess];
  /** Others than the holder profit from it, so they are told when it is released. */
  readonly shared: boolean;
  /** Every registered nexus holds it. */
  readonly allRegistrants: boolean;
  /** Its bit in the PERSISTENT RESERVATION TYPE MASK of REPORT CAPABILITIES. */
  readonly maskBit: number;
}

const TYPES: ReadonlyMap<number, Row> = new Map<ReservationType, Row>([
  [ReservationType.WRITE_EXCLUSIVE, {
    allowed: [ANYTHING, READING, READING],
    shared: false,
    allRegistrants: false,
    maskBit: 1 << 9,
  }],
  [ReservationType.EXCLUSIVE_ACCESS, {
    allowed: [ANYTHING, NOTHING, NOTHING],
    shared: false,
    allRegistrants: false,
    maskBit: 1 << 11,
  }],
  [ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY, {
    allowed: [ANYTHING, ANYTHING, READING],
    shared: true,
    allRegistrants: false,
    maskBit: 1 << 13,
  }],
  [ReservationType.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY, {
    allowed: [ANYTHING, ANYTHING, NOTHING],
    shared: true,
    allRegistrants: false,
    maskBit: 1 << 14,
  }],
  [ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS, {
    allowed: [ANYTHING, ANYTHING, READING],
    shared: true,
    allRegistrants: true,
    maskBit: 1 << 15,
  }],
  [ReservationType.EXCLUSIVE_ACCESS_ALL_REGISTRANTS, {
    allowed: [ANYTHING, ANYTHING, NOTHING],
    shared: true,
    allRegistrants: true,
    maskBit: 1 << 0,
  }],
]);

/** PERSISTENT RESERVATION TYPE MASK: the types that can be reserved with. */
export const TYPE_MASK = [...TYPES.values()].reduce((mask, row) => mask | row.maskBit, 0);

/** True: the TYPE field names one of the six. */
export function isReservationType(type: number): type is ReservationType {
  return TYPES.has(type);
}

/** What a reservation of this type allows to a nexus that stands to it like that. */
export function allowedAccess(type: ReservationType, standing: Standing): AllowedAccess {
  return TYPES.get(type)!.allowed[standing];
}

/** Every registered nexus holds a reservation of this type. */
export function isAllRegistrants(type: ReservationType): boolean {
  return TYPES.get(type)!.allRegistrants;
}

/**
 * Registered nexuses have a share in a reservation of this type: registrants only, all registrants.
 */
export function isShared(type: ReservationType): boolean {
  return TYPES.get(type)!.shared;
}

/** The access classes as bits. */
export function allowing(...classes: Access[]): AllowedAccess {
  return classes.reduce<number>((allowed, access) => allowed | (1 << access), 0);
}
