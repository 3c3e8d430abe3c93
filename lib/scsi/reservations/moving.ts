/** REGISTER AND MOVE: the holder hands its reservation to another nexus. */
import type { Nexus } from "../nexus.ts";
import {
  INSUFFICIENT_REGISTRATION_RESOURCES,
  INVALID_FIELD_IN_PARAMETER_LIST,
  type Sense,
  withField,
} from "../sense.ts";
import {
  changed,
  CONFLICT,
  nextGeneration,
  type Outcome,
  type ReservationRequest,
} from "./outcome.ts";
import { INVALID_TRANSPORT_ID, MOST_REGISTRATIONS, unregistered } from "./registering.ts";
import { NO_KEY } from "./reservation_key.ts";
import { registrant } from "./reserving.ts";
import {
  holds,
  registrationOf,
  replaced,
  type ReservationState,
  separated,
  type TargetPort,
  targetPorts,
} from "./state.ts";

const INVALID_KEY: Sense = withField(INVALID_FIELD_IN_PARAMETER_LIST, { in: "data", octet: 8 });
const INVALID_TARGET_PORT: Sense = withField(INVALID_FIELD_IN_PARAMETER_LIST, {
  in: "data",
  octet: 18,
});

/** REGISTER AND MOVE. */
export function registerAndMove(
  state: ReservationState,
  request: ReservationRequest,
  nexuses: readonly Nexus[],
): Outcome {
  const { reservation } = state;
  const own = registrant(state, request);
  // SPC-4, "Registering and moving the reservation": all registrants have nothing to hand over.
  const movable = own !== undefined && holds(state, own) && reservation?.holder !== undefined;
  if (!movable) return CONFLICT;
  const key = request.serviceActionReservationKey;
  if (key === NO_KEY) return INVALID_KEY;
  const initiatorPort = request.transportIds[0]?.initiatorPort;
  if (initiatorPort === undefined || initiatorPort === request.nexus.initiatorPort) {
    return INVALID_TRANSPORT_ID;
  }
  const ports = targetPorts(state, nexuses);
  const port = destinationPort(request, ports);
  if (port === undefined) return INVALID_TARGET_PORT;

  const next = { ...port, initiatorPort, except: [], key };
  const destination = { ...port, initiatorPort };
  const apart = separated(state, destination, ports);
  const registered = registrationOf(apart, destination);
  const joined = registered === undefined
    ? { ...apart, registrations: [...apart.registrations, next] }
    : replaced(apart, registered, next);
  const moved = { ...joined, reservation: { ...reservation, holder: next } };
  const left = request.unregister ? unregistered(moved, [own]).state : moved;
  if (left.registrations.length > MOST_REGISTRATIONS) return INSUFFICIENT_REGISTRATION_RESOURCES;
  return changed({ ...left, prGeneration: nextGeneration(state), aptpl: request.aptpl });
}

/** The target port of that relative identifier; the nexus's own target is looked at first. */
function destinationPort(
  { nexus, relativeTargetPort }: ReservationRequest,
  ports: readonly TargetPort[],
): TargetPort | undefined {
  if (nexus.relativeTargetPort === relativeTargetPort) {
    return { targetPort: nexus.targetPort, relativeTargetPort };
  }
  const found = ports.filter((port) => port.relativeTargetPort === relativeTargetPort);
  const device = deviceOf(nexus.targetPort);
  return found.find((port) => deviceOf(port.targetPort) === device) ?? found[0];
}

/** The iSCSI name in the name of a target port. */
function deviceOf(targetPort: string): string {
  return targetPort.slice(0, targetPort.lastIndexOf(",t,0x"));
}
