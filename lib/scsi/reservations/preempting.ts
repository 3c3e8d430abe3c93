/** CLEAR, PREEMPT and PREEMPT AND ABORT: how one nexus takes from others what they registered. */
import type { Nexus } from "../nexus.ts";
import {
  INVALID_FIELD_IN_PARAMETER_LIST,
  REGISTRATIONS_PREEMPTED,
  RESERVATIONS_PREEMPTED,
  RESERVATIONS_RELEASED,
  type Sense,
  withField,
} from "../sense.ts";
import {
  changed,
  CONFLICT,
  nextGeneration,
  type Notice,
  type Outcome,
  type ReservationRequest,
} from "./outcome.ts";
import { NO_KEY } from "./reservation_key.ts";
import { isAllRegistrants, isReservationType } from "./reservation_type.ts";
import { INVALID_SCOPE_OR_TYPE, LU_SCOPE, registrant, reserved } from "./reserving.ts";
import {
  type Registration,
  registrationOf,
  type ReservationState,
  separated,
  targetPorts,
} from "./state.ts";

const INVALID_VICTIM: Sense = withField(INVALID_FIELD_IN_PARAMETER_LIST, { in: "data", octet: 8 });

/** CLEAR: nothing stays reserved or registered. */
export function clear(state: ReservationState, request: ReservationRequest): Outcome {
  const own = registrant(state, request);
  if (own === undefined) return CONFLICT;
  const others = state.registrations.filter((each) => each !== own);
  const empty = {
    ...state,
    registrations: [],
    reservation: undefined,
    prGeneration: nextGeneration(state),
  };
  return changed(empty, others, RESERVATIONS_PREEMPTED);
}

/** PREEMPT, and PREEMPT AND ABORT, which differs only in that the victims' commands are aborted. */
export function preempt(
  state: ReservationState,
  request: ReservationRequest,
  nexuses: readonly Nexus[],
): Outcome {
  if (registrant(state, request) === undefined) return CONFLICT;
  const { reservation } = state;
  const victim = request.serviceActionReservationKey;
  // SPC-4, "Preempting": key zero names the holders of an all registrants reservation, and only
  // them.
  const holdersKey = reservation === undefined
    ? undefined
    : isAllRegistrants(reservation.type)
    ? NO_KEY
    : reservation.holder?.key;
  if (victim === holdersKey) return takeReservation(state, request, nexuses);
  if (victim === NO_KEY) return reservation === undefined ? CONFLICT : INVALID_VICTIM;
  return removeRegistrations(state, victim);
}

/** The reservation goes to the nexus that preempts, in the type that it asks for. */
function takeReservation(
  state: ReservationState,
  request: ReservationRequest,
  nexuses: readonly Nexus[],
): Outcome {
  const { nexus, scope, type, serviceActionReservationKey: victim } = request;
  if (scope !== LU_SCOPE || !isReservationType(type)) return INVALID_SCOPE_OR_TYPE;
  const apart = separated(state, nexus, targetPorts(state, nexuses));
  const own = registrationOf(apart, nexus)!;
  const goes = (each: Registration) => each !== own && (victim === NO_KEY || each.key === victim);
  const preempted = apart.registrations.filter(goes);
  const left = apart.registrations.filter((each) => !goes(each));
  const rest = { ...apart, registrations: left, reservation: undefined };
  const next = reserved(rest, nexus, type, nexuses);
  // Those who stay are told that what the old type gave them is over; the same type gives it again.
  const told = state.reservation?.type === type ? [] : left.filter((each) => each !== own);
  const notices: Notice[] = [
    ...noticesOf(preempted, REGISTRATIONS_PREEMPTED),
    ...noticesOf(told, RESERVATIONS_RELEASED),
  ];
  return { state: { ...next, prGeneration: nextGeneration(state) }, notices, preempted };
}

/** The registrations with that key go, be it the preempting nexus's own; a reservation stays. */
function removeRegistrations(state: ReservationState, victim: bigint): Outcome {
  const preempted = state.registrations.filter((each) => each.key === victim);
  if (preempted.length === 0) return CONFLICT;
  const registrations = state.registrations.filter((each) => each.key !== victim);
  // A reservation of all registrants ends with the last of them.
  const reservation = registrations.length === 0 ? undefined : state.reservation;
  const next = { ...state, registrations, reservation, prGeneration: nextGeneration(state) };
  return { state: next, notices: noticesOf(preempted, REGISTRATIONS_PREEMPTED), preempted };
}

function noticesOf(registrations: readonly Registration[], condition: Sense): Notice[] {
  return registrations.map((registration) => ({ registration, condition }));
}
