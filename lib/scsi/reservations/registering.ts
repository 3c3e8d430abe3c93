/** REGISTER and REGISTER AND IGNORE EXISTING KEY: who has a key. */
import type { Nexus } from "../nexus.ts";
import {
  INSUFFICIENT_REGISTRATION_RESOURCES,
  INVALID_FIELD_IN_PARAMETER_LIST,
  RESERVATIONS_RELEASED,
  type Sense,
  withField,
} from "../sense.ts";
import { initiatorNameOf, type TransportId } from "../transport_id.ts";
import {
  type Change,
  changed,
  CONFLICT,
  nextGeneration,
  type Outcome,
  type ReservationRequest,
  unchanged,
} from "./outcome.ts";
import { NO_KEY } from "./reservation_key.ts";
import { isShared } from "./reservation_type.ts";
import {
  covers,
  type Registration,
  registrationOf,
  replaced,
  type ReservationState,
  separated,
  targetPorts,
} from "./state.ts";

/** Registrations that a logical unit keeps. */
export const MOST_REGISTRATIONS = 256;

/** SPEC_I_PT where it cannot be. */
export const INVALID_SPEC_I_PT: Sense = withField(INVALID_FIELD_IN_PARAMETER_LIST, {
  in: "data",
  octet: 20,
  bit: 3,
});

/** A TransportID that names nobody who could be registered. */
export const INVALID_TRANSPORT_ID: Sense = withField(INVALID_FIELD_IN_PARAMETER_LIST, {
  in: "data",
  octet: 24,
});

/** REGISTER: RESERVATION KEY must be the nexus's key, or zero where it has none. */
export function register(
  state: ReservationState,
  request: ReservationRequest,
  nexuses: readonly Nexus[],
): Outcome {
  const own = registrationOf(state, request.nexus);
  const { reservationKey, specifyInitiatorPorts } = request;
  const addressed = addressedBy(state, request);
  const known = (own?.key ?? NO_KEY) === reservationKey &&
    addressed.every((each) => each.key === reservationKey);
  if (!known) return CONFLICT;
  // SPC-4, "Registering": other initiator ports come along only where the nexus is new itself.
  if (specifyInitiatorPorts && own !== undefined) return INVALID_SPEC_I_PT;
  return registerKey(state, request, nexuses);
}

/** REGISTER AND IGNORE EXISTING KEY: as REGISTER, whatever RESERVATION KEY is. */
export function registerAndIgnoreExistingKey(
  state: ReservationState,
  request: ReservationRequest,
  nexuses: readonly Nexus[],
): Outcome {
  return registerKey(state, request, nexuses);
}

/** The state without those registrations, and without a reservation that ends with them. */
export function unregistered(
  state: ReservationState,
  gone: readonly Registration[],
): Change {
  const registrations = state.registrations.filter((each) => !gone.includes(each));
  const next = { ...state, registrations };
  const { reservation } = state;
  if (reservation === undefined) return changed(next);
  const ends = reservation.holder === undefined
    ? registrations.length === 0
    : gone.includes(reservation.holder);
  if (!ends) return changed(next);
  const told = isShared(reservation.type) ? registrations : [];
  return changed({ ...next, reservation: undefined }, told, RESERVATIONS_RELEASED);
}

/** The registrations that the request is about: the nexus's, or all of its initiator port. */
function addressedBy(state: ReservationState, request: ReservationRequest): Registration[] {
  if (request.allTargetPorts) {
    const { initiatorPort } = request.nexus;
    return state.registrations.filter((each) => each.initiatorPort === initiatorPort);
  }
  const own = registrationOf(state, request.nexus);
  return own === undefined ? [] : [own];
}

function registerKey(
  before: ReservationState,
  request: ReservationRequest,
  nexuses: readonly Nexus[],
): Outcome {
  const { nexus, allTargetPorts, serviceActionReservationKey: key, aptpl } = request;
  // What befalls one nexus does not befall those that registered together with it.
  const state = allTargetPorts ? before : separated(before, nexus, targetPorts(before, nexuses));
  const addressed = addressedBy(state, request);
  const prGeneration = nextGeneration(state);
  if (key === NO_KEY) {
    if (addressed.length === 0) return unchanged(before);
    return unregistered({ ...state, prGeneration, aptpl }, addressed);
  }
  const wanted = request.specifyInitiatorPorts
    ? specifiedPorts(state, request, nexuses)
    : [nexus.initiatorPort];
  if (!Array.isArray(wanted)) return wanted;
  const next = wanted.reduce((so, port) => withKey(so, port, request), state);
  if (next.registrations.length > MOST_REGISTRATIONS) return INSUFFICIENT_REGISTRATION_RESOURCES;
  return changed({ ...next, prGeneration, aptpl });
}

/** The state in which the initiator port has the key, on the nexus's target port or on all. */
function withKey(
  state: ReservationState,
  initiatorPort: string,
  { nexus, allTargetPorts, serviceActionReservationKey: key }: ReservationRequest,
): ReservationState {
  const { targetPort, relativeTargetPort } = nexus;
  if (allTargetPorts) return withKeyForAll(state, initiatorPort, relativeTargetPort, key);
  const registered = registrationOf(state, { initiatorPort, targetPort, relativeTargetPort });
  if (registered !== undefined) return replaced(state, registered, { ...registered, key });
  const added = { initiatorPort, targetPort, relativeTargetPort, except: [], key };
  return { ...state, registrations: [...state.registrations, added] };
}

/** As `withKey` with ALL_TG_PT; who holds the reservation alone keeps a registration of its own. */
function withKeyForAll(
  state: ReservationState,
  initiatorPort: string,
  relativeTargetPort: number,
  key: bigint,
): ReservationState {
  const { reservation } = state;
  const holder = reservation?.holder?.initiatorPort === initiatorPort
    ? { ...reservation.holder, key }
    : undefined;
  const others = state.registrations.filter((each) => each.initiatorPort !== initiatorPort);
  const except = holder?.targetPort === undefined ? [] : [holder.targetPort];
  const shared = { initiatorPort, targetPort: undefined, relativeTargetPort, except, key };
  if (holder === undefined || reservation === undefined) {
    return { ...state, registrations: [...others, shared] };
  }
  const registrations = [...others, holder, shared];
  return { ...state, registrations, reservation: { ...reservation, holder } };
}

/** The initiator ports that SPEC_I_PT adds, with the nexus's own; or why they cannot be. */
function specifiedPorts(
  state: ReservationState,
  { nexus, transportIds, allTargetPorts }: ReservationRequest,
  nexuses: readonly Nexus[],
): string[] | Sense {
  const ports = new Set([nexus.initiatorPort]);
  for (const id of transportIds) {
    const named = portsNamed(id, state, nexuses);
    if (named.length === 0) return INVALID_TRANSPORT_ID;
    for (const port of named) ports.add(port);
  }
  // Nobody's key is changed behind its back.
  const taken = state.registrations.some((each) =>
    ports.has(each.initiatorPort) &&
    (allTargetPorts || covers(each, { ...each, targetPort: nexus.targetPort }))
  );
  return taken ? INVALID_TRANSPORT_ID : [...ports];
}

/** The initiator ports that a TransportID names: one, or all known ones of the device. */
function portsNamed(
  id: TransportId,
  state: ReservationState,
  nexuses: readonly Nexus[],
): string[] {
  if (id.initiatorPort !== undefined) return [id.initiatorPort];
  const known = new Set([...nexuses, ...state.registrations].map((each) => each.initiatorPort));
  return [...known].filter((port) => initiatorNameOf(port) === id.initiatorName);
}
