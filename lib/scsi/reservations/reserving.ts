/**
 * RESERVE and RELEASE: the service actions that leave registrations and PRGENERATION as they are.
 */
import type { Nexus } from "../nexus.ts";
import {
  INVALID_FIELD_IN_CDB,
  INVALID_RELEASE_OF_PERSISTENT_RESERVATION,
  RESERVATIONS_RELEASED,
  type Sense,
  withField,
} from "../sense.ts";
import { changed, CONFLICT, type Outcome, type ReservationRequest, unchanged } from "./outcome.ts";
import {
  isAllRegistrants,
  isReservationType,
  isShared,
  type ReservationType,
} from "./reservation_type.ts";
import {
  holds,
  type Registration,
  registrationOf,
  type ReservationState,
  separated,
  targetPorts,
} from "./state.ts";

/** The reservation is of the whole logical unit; the other scopes are obsolete. */
export const LU_SCOPE = 0;

/** SCOPE or TYPE is none of those there are. */
export const INVALID_SCOPE_OR_TYPE: Sense = withField(INVALID_FIELD_IN_CDB, {
  in: "cdb",
  octet: 2,
});

/**
 * The registration of the nexus, if RESERVATION KEY is its key: what most service actions begin
 * with.
 */
export function registrant(
  state: ReservationState,
  request: ReservationRequest,
): Registration | undefined {
  const own = registrationOf(state, request.nexus);
  return own?.key === request.reservationKey ? own : undefined;
}

/** RESERVE. */
export function reserve(
  state: ReservationState,
  request: ReservationRequest,
  nexuses: readonly Nexus[],
): Outcome {
  const { scope, type } = request;
  if (scope !== LU_SCOPE || !isReservationType(type)) return INVALID_SCOPE_OR_TYPE;
  const own = registrant(state, request);
  if (own === undefined) return CONFLICT;
  if (state.reservation !== undefined) {
    // To reserve what one holds already is no error; to change its type takes a PREEMPT.
    return holds(state, own) && state.reservation.type === type ? unchanged(state) : CONFLICT;
  }
  return changed(reserved(state, request.nexus, type, nexuses));
}

/** RELEASE. */
export function release(state: ReservationState, request: ReservationRequest): Outcome {
  const own = registrant(state, request);
  if (own === undefined) return CONFLICT;
  const { reservation } = state;
  if (reservation === undefined || !holds(state, own)) return unchanged(state);
  if (request.scope !== LU_SCOPE || request.type !== reservation.type) {
    return INVALID_RELEASE_OF_PERSISTENT_RESERVATION;
  }
  const others = isShared(reservation.type)
    ? state.registrations.filter((each) => each !== own)
    : [];
  return changed({ ...state, reservation: undefined }, others, RESERVATIONS_RELEASED);
}

/** The state in which the nexus, which is registered, holds a reservation of the type. */
export function reserved(
  state: ReservationState,
  nexus: Nexus,
  type: ReservationType,
  nexuses: readonly Nexus[],
): ReservationState {
  if (isAllRegistrants(type)) return { ...state, reservation: { type, holder: undefined } };
  const apart = separated(state, nexus, targetPorts(state, nexuses));
  return { ...apart, reservation: { type, holder: registrationOf(apart, nexus) } };
}
