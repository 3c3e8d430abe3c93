/**
 * The persistent reservations of a logical unit as one value that never changes: a service action
 * makes the next one from it, which comes into force as a whole, once it is where it must be saved.
 */
import type { Nexus } from "../nexus.ts";
import { keyOfText, keyText } from "./reservation_key.ts";
import { isAllRegistrants, isReservationType, type ReservationType } from "./reservation_type.ts";
import type { PersistedRegistration, PersistedReservations } from "./store.ts";

/** A key that an I_T nexus registered; with ALL_TG_PT, one for all target ports. */
export interface Registration {
  readonly initiatorPort: string;
  /** Undefined with ALL_TG_PT. */
  readonly targetPort: string | undefined;
  /** With ALL_TG_PT, the target ports that have since gone their own way. */
  readonly except: readonly string[];
  readonly relativeTargetPort: number;
  readonly key: bigint;
}

export interface Reservation {
  readonly type: ReservationType;
  /** Never one with ALL_TG_PT; undefined where all registrants hold the reservation. */
  readonly holder: Registration | undefined;
}

export interface ReservationState {
  readonly registrations: readonly Registration[];
  readonly reservation: Reservation | undefined;
  readonly prGeneration: number;
  /** Kept through a loss of power. */
  readonly aptpl: boolean;
}

/** The two ports of a nexus. */
export type Ports = Omit<Nexus, "initiatorName">;

/** A target port, by both its names. */
export type TargetPort = Omit<Ports, "initiatorPort">;

/** Nothing registered, as after a loss of power without APTPL. */
export const NO_RESERVATIONS: ReservationState = {
  registrations: [],
  reservation: undefined,
  prGeneration: 0,
  aptpl: false,
};

/** The registration is that of the nexus. */
export function covers(registration: Registration, nexus: Ports): boolean {
  if (registration.initiatorPort !== nexus.initiatorPort) return false;
  const { targetPort } = registration;
  if (targetPort !== undefined) return targetPort === nexus.targetPort;
  return !registration.except.includes(nexus.targetPort);
}

export function registrationOf(state: ReservationState, nexus: Ports): Registration | undefined {
  return state.registrations.find((each) => covers(each, nexus));
}

/** The registration's nexus holds the reservation in force. */
export function holds(state: ReservationState, registration: Registration): boolean {
  const { reservation } = state;
  if (reservation === undefined) return false;
  return isAllRegistrants(reservation.type) || reservation.holder === registration;
}

/** The state with `after` instead of `before`, which keeps the reservation if it has it. */
export function replaced(
  state: ReservationState,
  before: Registration,
  after: Registration,
): ReservationState {
  const registrations = state.registrations.map((each) => each === before ? after : each);
  const { reservation } = state;
  if (reservation?.holder !== before) return { ...state, registrations };
  return { ...state, registrations, reservation: { ...reservation, holder: after } };
}

/**
 * Gives the nexus a registration of its own where it shares one with other target ports
 * (ALL_TG_PT), so that what befalls the nexus does not befall them.
 */
export function separated(
  state: ReservationState,
  nexus: Ports,
  ports: Iterable<TargetPort>,
): ReservationState {
  const shared = registrationOf(state, nexus);
  if (shared === undefined || shared.targetPort !== undefined) return state;
  const { initiatorPort, key } = shared;
  const { targetPort, relativeTargetPort } = nexus;
  const own: Registration = { initiatorPort, targetPort, relativeTargetPort, key, except: [] };
  const except = [...shared.except, targetPort];
  // Nobody could unregister what is left for no port at all.
  const empty = [...ports].every((port) => except.includes(port.targetPort));
  if (empty) return replaced(state, shared, own);
  const rest = replaced(state, shared, { ...shared, except });
  return { ...rest, registrations: [...rest.registrations, own] };
}

/** The target ports that the device server knows: of nexuses in use, and of registrations. */
export function targetPorts(state: ReservationState, nexuses: Iterable<Ports>): TargetPort[] {
  const known = new Map<string, TargetPort>();
  for (const { targetPort, relativeTargetPort } of [...nexuses, ...state.registrations]) {
    if (targetPort !== undefined) known.set(targetPort, { targetPort, relativeTargetPort });
  }
  return [...known.values()];
}

/** What is kept of the state; nothing where it is not to outlive a loss of power. */
export function persistedOf(state: ReservationState): PersistedReservations {
  if (!state.aptpl) return { registrations: [] };
  const { reservation } = state;
  const registrations = state.registrations.map(persistedRegistration);
  if (reservation === undefined) return { registrations };
  const { type, holder } = reservation;
  if (holder === undefined) return { registrations, reservation: { type } };
  return { registrations, reservation: { type, holder: state.registrations.indexOf(holder) } };
}

/** The state as it is after a loss of power. Throws a RangeError where it cannot be one. */
export function stateOf(persisted: PersistedReservations): ReservationState {
  const registrations = persisted.registrations.map(registrationFrom);
  const aptpl = registrations.length > 0;
  const state = { ...NO_RESERVATIONS, registrations, aptpl };
  if (persisted.reservation === undefined) return state;
  const { type, holder: index } = persisted.reservation;
  if (!isReservationType(type)) throw new RangeError(`${type} is no type of reservation`);
  const holder = index === undefined ? undefined : registrations[index];
  const held = isAllRegistrants(type)
    ? index === undefined && registrations.length > 0
    : holder?.targetPort !== undefined;
  if (!held) throw new RangeError("the reservation's holder is not registered");
  return { ...state, reservation: { type, holder } };
}

function persistedRegistration(registration: Registration): PersistedRegistration {
  const { initiatorPort, targetPort, relativeTargetPort, except } = registration;
  const kept = { initiatorPort, relativeTargetPort, key: keyText(registration.key) };
  return targetPort === undefined ? { ...kept, except } : { ...kept, targetPort };
}

function registrationFrom(persisted: PersistedRegistration): Registration {
  const { initiatorPort, targetPort, relativeTargetPort, except = [] } = persisted;
  const key = keyOfText(persisted.key);
  if (key === undefined || key === 0n) {
    throw new RangeError(`${persisted.key} is no reservation key`);
  }
  return { initiatorPort, targetPort, relativeTargetPort, except, key };
}
