/** PERSISTENT RESERVE IN: who is registered, and who holds the unit. SPC-4 6.15. */
import { bits, flag, layout, u16, u32, u8 } from "../../wire/layout.ts";
import { Access, type Command } from "../command.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { Reservations } from "../reservations.ts";
import { NO_KEY, reservationKey } from "../reservations/reservation_key.ts";
import { TYPE_MASK } from "../reservations/reservation_type.ts";
import { LU_SCOPE } from "../reservations/reserving.ts";
import { holds, type Registration, type ReservationState } from "../reservations/state.ts";
import { Status } from "../status.ts";
import type { Step, Task } from "../task.ts";
import { emitTransportId } from "../transport_id.ts";

export const PersistentReserveInCdb = layout(10, {
  opcode: u8(0),
  serviceAction: bits(1, 0x1f),
  allocationLength: u16(7),
});

/** What READ KEYS, READ RESERVATION and READ FULL STATUS begin with. */
export const PersistentReserveInHeader = layout(8, {
  prGeneration: u32(0),
  additionalLength: u32(4),
});

/** What READ RESERVATION tells where there is a reservation. */
export const ReservationDescriptor = layout(16, {
  reservationKey: reservationKey(0),
  scope: bits(13, 0xf0),
  type: bits(13, 0x0f),
});

export const ReportCapabilitiesData = layout(8, {
  length: u16(0),
  compatibleReservationHandling: flag(2, 4), // CRH: RESERVE and RELEASE never pass for GOOD
  specifyInitiatorPortsCapable: flag(2, 3), // SIP_C
  allTargetPortsCapable: flag(2, 2), // ATP_C
  persistThroughPowerLossCapable: flag(2, 0), // PTPL_C
  typeMaskValid: flag(3, 7), // TMV
  allowCommands: bits(3, 0x70), // zero: nothing is said about it
  persistThroughPowerLossActivated: flag(3, 0), // PTPL_A
  persistentReservationTypeMask: u16(4),
});

/** What READ FULL STATUS tells of one registration; its TransportID follows. */
export const FullStatusDescriptor = layout(24, {
  reservationKey: reservationKey(0),
  allTargetPorts: flag(12, 1), // ALL_TG_PT
  reservationHolder: flag(12, 0), // R_HOLDER
  scope: bits(13, 0xf0),
  type: bits(13, 0x0f),
  relativeTargetPortIdentifier: u16(18),
  additionalDescriptorLength: u32(20),
});

/** The octets that a service action answers. */
type Answer = (reservations: Reservations) => Uint8Array;

function withHeader(state: ReservationState, body: Uint8Array): Uint8Array {
  const data = new Uint8Array(PersistentReserveInHeader.length + body.length);
  const header = new PersistentReserveInHeader(data);
  header.prGeneration = state.prGeneration;
  header.additionalLength = body.length;
  data.set(body, PersistentReserveInHeader.length);
  return data;
}

/** The keys one after the other, one for each registration, be they equal. */
function readKeys({ state }: Reservations): Uint8Array {
  const keys = new DataView(new ArrayBuffer(8 * state.registrations.length));
  for (const [index, { key }] of state.registrations.entries()) keys.setBigUint64(8 * index, key);
  return withHeader(state, new Uint8Array(keys.buffer));
}

function readReservation({ state }: Reservations): Uint8Array {
  const { reservation } = state;
  if (reservation === undefined) return withHeader(state, new Uint8Array(0));
  const body = new Uint8Array(ReservationDescriptor.length);
  const descriptor = new ReservationDescriptor(body);
  // A reservation of all registrants has no key of its own: it reads as zero.
  descriptor.reservationKey = reservation.holder?.key ?? NO_KEY;
  descriptor.scope = LU_SCOPE;
  descriptor.type = reservation.type;
  return withHeader(state, body);
}

function reportCapabilities(reservations: Reservations): Uint8Array {
  const data = new Uint8Array(ReportCapabilitiesData.length);
  const capabilities = new ReportCapabilitiesData(data);
  capabilities.length = ReportCapabilitiesData.length;
  capabilities.specifyInitiatorPortsCapable = true;
  capabilities.allTargetPortsCapable = true;
  capabilities.persistThroughPowerLossCapable = reservations.persistable;
  capabilities.persistThroughPowerLossActivated = reservations.state.aptpl;
  capabilities.typeMaskValid = true;
  capabilities.persistentReservationTypeMask = TYPE_MASK;
  return data;
}

function readFullStatus({ state }: Reservations): Uint8Array {
  const descriptors = state.registrations.map((each) => fullStatus(state, each));
  const body = new Uint8Array(descriptors.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const descriptor of descriptors) {
    body.set(descriptor, at);
    at += descriptor.length;
  }
  return withHeader(state, body);
}

function fullStatus(state: ReservationState, registration: Registration): Uint8Array {
  const transportId = emitTransportId(registration.initiatorPort);
  const octets = new Uint8Array(FullStatusDescriptor.length + transportId.length);
  const descriptor = new FullStatusDescriptor(octets);
  descriptor.reservationKey = registration.key;
  descriptor.allTargetPorts = registration.targetPort === undefined;
  if (state.reservation !== undefined && holds(state, registration)) {
    descriptor.reservationHolder = true;
    descriptor.scope = LU_SCOPE;
    descriptor.type = state.reservation.type;
  }
  descriptor.relativeTargetPortIdentifier = registration.relativeTargetPort;
  descriptor.additionalDescriptorLength = transportId.length;
  octets.set(transportId, FullStatusDescriptor.length);
  return octets;
}

function command(name: string, serviceAction: number, answer: Answer): Command {
  return {
    name: `PERSISTENT RESERVE IN, ${name}`,
    opcode: 0x5e,
    serviceAction,
    usage: `5e 0${serviceAction} 00 00 00 00 00 ff ff 00`,
    access: Access.OWN,
    execute(task: Task, { reservations }: LogicalUnit): Step {
      // SPC-2 5.5.1: while the unit is held by RESERVE, this conflicts even for the holder.
      if (reservations.reserved) return task.endWith(Status.RESERVATION_CONFLICT);
      const { allocationLength } = new PersistentReserveInCdb(task.cdb);
      return task.send(answer(reservations), allocationLength);
    },
  };
}

/** PERSISTENT RESERVE IN, a row a service action. */
export const persistentReserveIns: readonly Command[] = [
  command("READ KEYS", 0x00, readKeys),
  command("READ RESERVATION", 0x01, readReservation),
  command("REPORT CAPABILITIES", 0x02, reportCapabilities),
  command("READ FULL STATUS", 0x03, readFullStatus),
];
