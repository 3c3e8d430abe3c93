/**
 * PERSISTENT RESERVE IN and OUT as an initiator sends and reads them, written from the tables of
 * SPC-4.
 */
import type { LogicalUnit } from "../../lib/scsi/logical_unit.ts";
import type { Nexus } from "../../lib/scsi/nexus.ts";
import type { PersistedReservations, ReservationStore } from "../../lib/scsi/reservations.ts";
import { Status } from "../../lib/scsi/status.ts";
import { NEXUS, type Outcome, run, type RunOptions } from "./scsi.ts";

/** Service actions of PERSISTENT RESERVE OUT. */
export const REGISTER = 0;
export const RESERVE = 1;
export const RELEASE = 2;
export const CLEAR = 3;
export const PREEMPT = 4;
export const PREEMPT_AND_ABORT = 5;
export const REGISTER_AND_IGNORE = 6;
export const REGISTER_AND_MOVE = 7;

/** Types of reservation. */
export const WE = 1;
export const EA = 3;
export const WERO = 5;
export const EARO = 6;
export const WEAR = 7;
export const EAAR = 8;
export const TYPES = [WE, EA, WERO, EARO, WEAR, EAAR] as const;

export const RESERVE_6 = "16 00 00 00 00 00";
export const RELEASE_6 = "17 00 00 00 00 00";
export const TEST_UNIT_READY = "00 00 00 00 00 00";

export interface ReserveOut {
  readonly nexus?: Nexus;
  readonly key?: bigint;
  /** SERVICE ACTION RESERVATION KEY. */
  readonly actionKey?: bigint;
  readonly type?: number;
  readonly scope?: number;
  readonly aptpl?: boolean;
  readonly allTargetPorts?: boolean;
  readonly transportIds?: readonly Uint8Array[];
}

/** The CDB of a PERSISTENT RESERVE OUT. */
export function reserveOutCdb(
  action: number,
  { type = 0, scope = 0 }: ReserveOut,
  listLength: number,
): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb.set([0x5f, action, (scope << 4) | type]);
  new DataView(cdb.buffer).setUint32(5, listLength);
  return cdb;
}

/** Its parameter list; SPEC_I_PT is set where there are TransportIDs. */
export function reserveOutList(options: ReserveOut): Uint8Array {
  const ids = joined(options.transportIds ?? []);
  const list = new Uint8Array(options.transportIds === undefined ? 24 : 28 + ids.length);
  const view = new DataView(list.buffer);
  view.setBigUint64(0, options.key ?? 0n);
  view.setBigUint64(8, options.actionKey ?? 0n);
  list[20] = (options.transportIds === undefined ? 0 : 8) | (options.allTargetPorts ? 4 : 0) |
    (options.aptpl ? 1 : 0);
  if (options.transportIds !== undefined) {
    view.setUint32(24, ids.length);
    list.set(ids, 28);
  }
  return list;
}

/** Sends a PERSISTENT RESERVE OUT. */
export function reserveOut(
  unit: LogicalUnit,
  action: number,
  options: ReserveOut = {},
  extra: RunOptions = {},
): Promise<Outcome> {
  const dataOut = reserveOutList(options);
  const { nexus } = options;
  const cdb = reserveOutCdb(action, options, dataOut.length);
  return run(unit, cdb, nexus === undefined ? { dataOut, ...extra } : { dataOut, nexus, ...extra });
}

export interface Move {
  readonly nexus: Nexus;
  readonly key: bigint;
  readonly actionKey: bigint;
  readonly to: Uint8Array;
  readonly relativeTargetPort?: number;
  readonly unregister?: boolean;
  readonly aptpl?: boolean;
}

/** Sends REGISTER AND MOVE. */
export function registerAndMove(unit: LogicalUnit, move: Move): Promise<Outcome> {
  const list = new Uint8Array(24 + move.to.length);
  const view = new DataView(list.buffer);
  view.setBigUint64(0, move.key);
  view.setBigUint64(8, move.actionKey);
  list[17] = (move.unregister ? 2 : 0) | (move.aptpl ? 1 : 0);
  view.setUint16(18, move.relativeTargetPort ?? 1);
  view.setUint32(20, move.to.length);
  list.set(move.to, 24);
  const cdb = reserveOutCdb(REGISTER_AND_MOVE, {}, list.length);
  return run(unit, cdb, { nexus: move.nexus, dataOut: list });
}

/** The key is registered; throws where it is not to be had. */
export async function register(
  unit: LogicalUnit,
  nexus: Nexus,
  key: bigint,
  options: ReserveOut = {},
): Promise<void> {
  const outcome = await reserveOut(unit, REGISTER_AND_IGNORE, {
    ...options,
    nexus,
    actionKey: key,
  });
  if (outcome.status !== Status.GOOD) throw new Error(`not registered: ${outcome.status}`);
}

/** Sends a PERSISTENT RESERVE IN. */
export function reserveIn(
  unit: LogicalUnit,
  action: number,
  { allocationLength = 8192, nexus }: { allocationLength?: number; nexus?: Nexus } = {},
): Promise<Outcome> {
  const cdb = [0x5e, action, 0, 0, 0, 0, 0, allocationLength >>> 8, allocationLength & 0xff, 0];
  return run(unit, cdb, nexus === undefined ? {} : { nexus });
}

export interface RegisteredKeys {
  readonly generation: number;
  readonly keys: readonly bigint[];
}

export interface HeldReservation {
  readonly key: bigint;
  readonly scope: number;
  readonly type: number;
}

export interface FullStatus {
  readonly key: bigint;
  readonly holder: boolean;
  readonly allTargetPorts: boolean;
  readonly type: number;
  readonly relativeTargetPort: number;
  /** The name in the TransportID. */
  readonly port: string;
}

/** READ KEYS. */
export async function readKeys(unit: LogicalUnit, nexus = NEXUS): Promise<RegisteredKeys> {
  return keysOf(dataOf(await reserveIn(unit, 0, { nexus })));
}

/** READ RESERVATION; undefined where there is none. */
export async function readReservation(
  unit: LogicalUnit,
  nexus = NEXUS,
): Promise<HeldReservation | undefined> {
  return reservationOf(dataOf(await reserveIn(unit, 1, { nexus })));
}

/** READ FULL STATUS. */
export async function readFullStatus(unit: LogicalUnit, nexus = NEXUS): Promise<FullStatus[]> {
  return fullStatusOf(dataOf(await reserveIn(unit, 3, { nexus })));
}

/** What READ KEYS answers with. */
export function keysOf(data: Uint8Array): RegisteredKeys {
  const view = viewOf(data);
  const keys: bigint[] = [];
  for (let at = 8; at < 8 + view.getUint32(4); at += 8) keys.push(view.getBigUint64(at));
  return { generation: view.getUint32(0), keys };
}

/** What READ RESERVATION answers with. */
export function reservationOf(data: Uint8Array): HeldReservation | undefined {
  const view = viewOf(data);
  if (view.getUint32(4) === 0) return undefined;
  const scopeAndType = view.getUint8(21);
  return { key: view.getBigUint64(8), scope: scopeAndType >>> 4, type: scopeAndType & 15 };
}

/** What READ FULL STATUS answers with. */
export function fullStatusOf(data: Uint8Array): FullStatus[] {
  const view = viewOf(data);
  const found: FullStatus[] = [];
  for (let at = 8; at < 8 + view.getUint32(4);) {
    const idLength = view.getUint32(at + 20);
    const id = data.subarray(at + 24, at + 24 + idLength);
    found.push({
      key: view.getBigUint64(at),
      holder: (view.getUint8(at + 12) & 1) !== 0,
      allTargetPorts: (view.getUint8(at + 12) & 2) !== 0,
      type: view.getUint8(at + 13) & 15,
      relativeTargetPort: view.getUint16(at + 18),
      port: new TextDecoder().decode(id.subarray(4, id.indexOf(0, 4))),
    });
    at += 24 + idLength;
  }
  return found;
}

/** The additional sense codes that wait for the nexus, oldest first, which are thereby taken. */
export function attentions(unit: LogicalUnit, nexus: Nexus): number[] {
  const codes: number[] = [];
  for (;;) {
    const condition = unit.attentions.take(nexus);
    if (condition === undefined) return codes;
    codes.push(condition.code);
  }
}

/** A store in memory, whose saves wait for the test where it says so. */
export class TestStore implements ReservationStore {
  saved: PersistedReservations | undefined;
  /** Saves that were begun. */
  saves = 0;
  /** Rejects the next saves while it is set. */
  failure: Error | undefined;
  /** The next saves wait until it resolves. */
  gate: Promise<void> = Promise.resolve();

  load(): PersistedReservations | undefined {
    return this.saved;
  }

  async save(state: PersistedReservations): Promise<void> {
    this.saves++;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    this.saved = JSON.parse(JSON.stringify(state));
  }
}

function dataOf({ status, data }: Outcome): Uint8Array {
  if (status !== Status.GOOD) throw new Error(`PERSISTENT RESERVE IN ended with ${status}`);
  return data;
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.length);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
