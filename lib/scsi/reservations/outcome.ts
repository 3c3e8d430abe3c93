/** What PERSISTENT RESERVE OUT asks for, and what comes of it. */
import type { Nexus } from "../nexus.ts";
import type { Sense } from "../sense.ts";
import { Status } from "../status.ts";
import type { TransportId } from "../transport_id.ts";
import type { Registration, ReservationState } from "./state.ts";

/** A PERSISTENT RESERVE OUT command with its parameter list. SPC-4 6.16. */
export interface ReservationRequest {
  /** Whence the command came. */
  readonly nexus: Nexus;
  readonly scope: number;
  readonly type: number;
  readonly reservationKey: bigint;
  readonly serviceActionReservationKey: bigint;
  readonly aptpl: boolean;
  /** ALL_TG_PT: register for every target port. */
  readonly allTargetPorts: boolean;
  /** SPEC_I_PT: register for `transportIds` too. */
  readonly specifyInitiatorPorts: boolean;
  /** UNREG of REGISTER AND MOVE: the nexus gives its registration up. */
  readonly unregister: boolean;
  /** RELATIVE TARGET PORT IDENTIFIER of REGISTER AND MOVE. */
  readonly relativeTargetPort: number;
  readonly transportIds: readonly TransportId[];
}

/** A condition for the nexuses of a registration. */
export interface Notice {
  readonly registration: Registration;
  readonly condition: Sense;
}

/** The state that follows, and who is to hear of it. */
export interface Change {
  readonly state: ReservationState;
  readonly notices: readonly Notice[];
  /** Registrations that were preempted: PREEMPT AND ABORT aborts their commands. */
  readonly preempted: readonly Registration[];
}

export const CONFLICT = Status.RESERVATION_CONFLICT;

/** A change (maybe to the very same state), a conflict, or why not. */
export type Outcome = Change | typeof CONFLICT | Sense;

/** One service action: what it makes of the state. `nexuses` are those that use the unit now. */
export type ServiceAction = (
  state: ReservationState,
  request: ReservationRequest,
  nexuses: readonly Nexus[],
) => Outcome;

/** Tells a change from what refused it. */
export function isChange(outcome: Change | Sense): outcome is Change {
  return "state" in outcome;
}

/** The command succeeds, and all stays as it is. */
export function unchanged(state: ReservationState): Change {
  return { state, notices: [], preempted: [] };
}

/** The next state, with `condition` for those registrations. */
export function changed(
  state: ReservationState,
  told: readonly Registration[] = [],
  condition?: Sense,
): Change {
  const notices = condition === undefined
    ? []
    : told.map((registration) => ({ registration, condition }));
  return { state, notices, preempted: [] };
}

/** PRGENERATION after one more change of the registrations: 32 bits, which wrap. */
export function nextGeneration(state: ReservationState): number {
  return (state.prGeneration + 1) >>> 0;
}
