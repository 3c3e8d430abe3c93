/** PERSISTENT RESERVE OUT: registers keys, and reserves the unit by them. SPC-4 6.16. */
import { bits, flag, layout, u16, u32, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  type Change,
  CONFLICT,
  isChange,
  type Outcome,
  type ReservationRequest,
  type ServiceAction,
} from "../reservations/outcome.ts";
import { registerAndMove } from "../reservations/moving.ts";
import { clear, preempt } from "../reservations/preempting.ts";
import {
  INVALID_SPEC_I_PT,
  INVALID_TRANSPORT_ID,
  MOST_REGISTRATIONS,
  register,
  registerAndIgnoreExistingKey,
} from "../reservations/registering.ts";
import { reservationKey } from "../reservations/reservation_key.ts";
import { release, reserve } from "../reservations/reserving.ts";
import { covers } from "../reservations/state.ts";
import type { Nexus } from "../nexus.ts";
import {
  COMMANDS_CLEARED_BY_ANOTHER_INITIATOR,
  INVALID_FIELD_IN_PARAMETER_LIST,
  PARAMETER_LIST_LENGTH_ERROR,
  type Sense,
  withField,
} from "../sense.ts";
import { Status } from "../status.ts";
import type { Step, Task } from "../task.ts";
import { MOST_TRANSPORT_ID_OCTETS, parseTransportId, type TransportId } from "../transport_id.ts";

export const PersistentReserveOutCdb = layout(10, {
  opcode: u8(0),
  serviceAction: bits(1, 0x1f),
  scope: bits(2, 0xf0),
  type: bits(2, 0x0f),
  parameterListLength: u32(5),
});

export const PersistentReserveOutParameters = layout(24, {
  reservationKey: reservationKey(0),
  serviceActionReservationKey: reservationKey(8),
  specifyInitiatorPorts: flag(20, 3), // SPEC_I_PT
  allTargetPorts: flag(20, 2), // ALL_TG_PT
  aptpl: flag(20, 0),
});

/** What follows where SPEC_I_PT is set; the TransportIDs come after it. */
export const SpecifiedInitiatorPorts = layout(28, {
  transportIdParameterDataLength: u32(24),
});

/** The list of REGISTER AND MOVE; one TransportID comes after it. */
export const RegisterAndMoveParameters = layout(24, {
  reservationKey: reservationKey(0),
  serviceActionReservationKey: reservationKey(8),
  unregister: flag(17, 1), // UNREG
  aptpl: flag(17, 0),
  relativeTargetPortIdentifier: u16(18),
  transportIdLength: u32(20),
});

const LEAST_LIST_OCTETS = PersistentReserveOutParameters.length;
const MOST_LIST_OCTETS = SpecifiedInitiatorPorts.length +
  MOST_REGISTRATIONS * MOST_TRANSPORT_ID_OCTETS;

interface Action {
  readonly name: string;
  readonly serviceAction: number;
  readonly perform: ServiceAction;
  readonly parse: (task: Task, octets: Uint8Array) => ReservationRequest | Sense;
  /** The list may be longer than 24 octets. */
  readonly lengthy?: boolean;
  /** The octet of the list with the APTPL bit, where that is looked at. */
  readonly aptplOctet?: number;
  /** The commands of who is preempted are aborted. */
  readonly aborts?: boolean;
}

function parseList(task: Task, octets: Uint8Array): ReservationRequest | Sense {
  const list = new PersistentReserveOutParameters(octets);
  // Only REGISTER can be for other initiator ports too.
  if (list.specifyInitiatorPorts) return INVALID_SPEC_I_PT;
  if (octets.length !== LEAST_LIST_OCTETS) return PARAMETER_LIST_LENGTH_ERROR;
  return requestOf(task, octets, []);
}

function parseRegister(task: Task, octets: Uint8Array): ReservationRequest | Sense {
  const { specifyInitiatorPorts } = new PersistentReserveOutParameters(octets);
  if (!specifyInitiatorPorts) return parseList(task, octets);
  const transportIds = specifiedInitiatorPorts(octets);
  return Array.isArray(transportIds) ? requestOf(task, octets, transportIds) : transportIds;
}

function requestOf(
  task: Task,
  octets: Uint8Array,
  transportIds: readonly TransportId[],
): ReservationRequest {
  const list = new PersistentReserveOutParameters(octets);
  const { scope, type } = new PersistentReserveOutCdb(task.cdb);
  return {
    nexus: task.nexus,
    scope,
    type,
    reservationKey: list.reservationKey,
    serviceActionReservationKey: list.serviceActionReservationKey,
    aptpl: list.aptpl,
    allTargetPorts: list.allTargetPorts,
    specifyInitiatorPorts: list.specifyInitiatorPorts,
    unregister: false,
    relativeTargetPort: 0,
    transportIds,
  };
}

function specifiedInitiatorPorts(octets: Uint8Array): TransportId[] | Sense {
  if (octets.length < SpecifiedInitiatorPorts.length) return PARAMETER_LIST_LENGTH_ERROR;
  const { transportIdParameterDataLength } = new SpecifiedInitiatorPorts(octets);
  let at = SpecifiedInitiatorPorts.length;
  if (at + transportIdParameterDataLength !== octets.length) return PARAMETER_LIST_LENGTH_ERROR;
  const found: TransportId[] = [];
  while (at < octets.length) {
    const id = parseTransportId(octets, at);
    if (id === undefined) return invalid(at);
    found.push(id);
    at += id.length;
  }
  return found;
}

function parseMove(task: Task, octets: Uint8Array): ReservationRequest | Sense {
  const list = new RegisterAndMoveParameters(octets);
  if (RegisterAndMoveParameters.length + list.transportIdLength !== octets.length) {
    return PARAMETER_LIST_LENGTH_ERROR;
  }
  const id = parseTransportId(octets, RegisterAndMoveParameters.length);
  if (id?.length !== list.transportIdLength) return INVALID_TRANSPORT_ID;
  const { scope, type } = new PersistentReserveOutCdb(task.cdb);
  return {
    nexus: task.nexus,
    scope,
    type,
    reservationKey: list.reservationKey,
    serviceActionReservationKey: list.serviceActionReservationKey,
    aptpl: list.aptpl,
    allTargetPorts: false,
    specifyInitiatorPorts: false,
    unregister: list.unregister,
    relativeTargetPort: list.relativeTargetPortIdentifier,
    transportIds: [id],
  };
}

function invalid(octet: number, bit?: number): Sense {
  const field = bit === undefined ? { octet } : { octet, bit };
  return withField(INVALID_FIELD_IN_PARAMETER_LIST, { in: "data", ...field });
}

function perform(action: Action, task: Task, unit: LogicalUnit): Step {
  const { reservations } = unit;
  // The octets are the transport's again once this returns, so all of them are read now.
  const octets = task.data.subarray(0, task.length);
  const { parameterListLength } = new PersistentReserveOutCdb(task.cdb);
  if (octets.length !== parameterListLength) return task.fail(PARAMETER_LIST_LENGTH_ERROR);
  const request = action.parse(task, octets);
  if ("code" in request) return task.fail(request);
  const { aptplOctet } = action;
  if (request.aptpl && aptplOctet !== undefined && !reservations.persistable) {
    return task.fail(invalid(aptplOctet, 0));
  }

  return reservations.inTurn(task, () => {
    // RESERVE may have come between the CDB and its parameter list.
    if (reservations.reserved) return task.endWith(CONFLICT);
    const outcome = reservations.apply(action.perform, request);
    return outcome instanceof Promise
      ? outcome.then((late) => concluded(action, late, task, unit))
      : concluded(action, outcome, task, unit);
  });
}

function concluded(
  action: Action,
  outcome: Outcome,
  task: Task,
  unit: LogicalUnit,
): Step | Promise<Step> {
  if (outcome === CONFLICT) return task.endWith(CONFLICT);
  if (!isChange(outcome)) return task.fail(outcome);
  if (!action.aborts || outcome.preempted.length === 0) return task.done();
  return abortPreempted(outcome, task, unit).then(() => task.done());
}

/**
 * Aborts what the preempted nexuses have in hand, and resolves when none of it can reach the medium
 * any more. New commands of theirs meet the new reservation already.
 */
async function abortPreempted({ preempted }: Change, own: Task, unit: LogicalUnit): Promise<void> {
  const losers = new Set<Nexus>();
  await unit.tasks.abort((task) => {
    const preempts = task !== own && preempted.some((each) => covers(each, task.nexus));
    if (preempts && task.nexus !== own.nexus) losers.add(task.nexus);
    return preempts;
  });
  // Without TAS (SAM-5) aborted commands have no status, so their initiator is told otherwise.
  for (const nexus of losers) {
    unit.attentions.establish(nexus, COMMANDS_CLEARED_BY_ANOTHER_INITIATOR);
  }
}

function command(action: Action): Command {
  const { name, serviceAction } = action;
  return {
    name: `PERSISTENT RESERVE OUT, ${name}`,
    opcode: 0x5f,
    serviceAction,
    usage: `5f 0${serviceAction} ff 00 00 ff ff ff ff 00`,
    access: Access.OWN,
    execute(task, { reservations }) {
      // SPC-2 5.5.1: while the unit is held by RESERVE, this conflicts even for the holder.
      if (reservations.reserved) return task.endWith(Status.RESERVATION_CONFLICT);
      const { parameterListLength } = new PersistentReserveOutCdb(task.cdb);
      const most = action.lengthy ? MOST_LIST_OCTETS : LEAST_LIST_OCTETS;
      if (parameterListLength < LEAST_LIST_OCTETS || parameterListLength > most) {
        return task.fail(PARAMETER_LIST_LENGTH_ERROR);
      }
      return task.collect(parameterListLength, (task, unit) => perform(action, task, unit));
    },
  };
}

const ACTIONS: readonly Action[] = [
  {
    name: "REGISTER",
    serviceAction: 0x00,
    perform: register,
    parse: parseRegister,
    lengthy: true,
    aptplOctet: 20,
  },
  { name: "RESERVE", serviceAction: 0x01, perform: reserve, parse: parseList },
  { name: "RELEASE", serviceAction: 0x02, perform: release, parse: parseList },
  { name: "CLEAR", serviceAction: 0x03, perform: clear, parse: parseList },
  { name: "PREEMPT", serviceAction: 0x04, perform: preempt, parse: parseList },
  {
    name: "PREEMPT AND ABORT",
    serviceAction: 0x05,
    perform: preempt,
    parse: parseList,
    aborts: true,
  },
  {
    name: "REGISTER AND IGNORE EXISTING KEY",
    serviceAction: 0x06,
    perform: registerAndIgnoreExistingKey,
    parse: parseList,
    aptplOctet: 20,
  },
  {
    name: "REGISTER AND MOVE",
    serviceAction: 0x07,
    perform: registerAndMove,
    parse: parseMove,
    lengthy: true,
    aptplOctet: 17,
  },
];

/** PERSISTENT RESERVE OUT, a row a service action. */
export const persistentReserveOuts: readonly Command[] = ACTIONS.map(command);
