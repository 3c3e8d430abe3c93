/** What an initiator sees of a server: which targets, which LUNs, how large, and what is new. */
import assert from "node:assert/strict";
import { BHS_LENGTH, RESERVED_TAG } from "../../../lib/iscsi/bhs.ts";
import { Opcode } from "../../../lib/iscsi/opcode.ts";
import { LogoutRequest } from "../../../lib/iscsi/pdu/logout_request.ts";
import { LogoutResponse } from "../../../lib/iscsi/pdu/logout_response.ts";
import { TextRequest } from "../../../lib/iscsi/pdu/text_request.ts";
import type { TestInitiator } from "../../support/test_initiator.ts";
import type { ModelDisk } from "./model.ts";

const TEST_UNIT_READY = new Uint8Array(16);
const REPORT_LUNS = cdb([0xa0], 6, 4096);
const READ_CAPACITY = cdb([0x9e, 0x10], 10, 32);
const SERIAL_NUMBER = [0x12, 1, 0x80, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const WRITE_ONE = cdb([0x8a], 10, 1);
const DATA_PROTECT = 0x07;

const LUNS_CHANGED = 0x3f0e;
const MODE_CHANGED = 0x2a01;
const CAPACITY_CHANGED = 0x2a09;
const POWER_ON = 0x2900;

/** A LUN as it was, or is. */
export interface SeenLun {
  readonly disk: ModelDisk;
  readonly readOnly: boolean;
  readonly size: number;
}

export type SeenLuns = ReadonlyMap<number, SeenLun>;

/** What becomes of the LUNs of a session, as its initiator is told. */
export interface News {
  /** By unit attentions, for each LUN that is there now. */
  readonly attentions: ReadonlyMap<number, readonly number[]>;
  /** At once, by Asynchronous Messages. */
  readonly events: readonly number[];
}

/** What who saw `was` is told of `now`. */
export function newsOf(was: SeenLuns, now: SeenLuns): News {
  const isSame = (lun: number) => was.get(lun)?.disk === now.get(lun)?.disk;
  const isLess = [...was.keys()].some((lun) => !isSame(lun));
  const isMore = [...now.keys()].some((lun) => !isSame(lun));
  const stay = [...now].filter(([lun]) => isSame(lun));
  const attentions = new Map<number, readonly number[]>(
    [...now.keys()].map((lun) => [lun, [POWER_ON]]),
  );
  const events: number[] = [];
  const grown = stay.filter(([lun, { size }]) => was.get(lun)!.size !== size);
  const turned = stay.filter(([lun, { readOnly }]) => was.get(lun)!.readOnly !== readOnly);
  events.push(...grown.map(() => CAPACITY_CHANGED));
  if (isLess) events.push(LUNS_CHANGED);
  events.push(...turned.map(() => MODE_CHANGED));
  if (isMore) events.push(LUNS_CHANGED);
  stay.forEach(([lun], at) => {
    // It is told once, on whichever LUN is asked first.
    const isFirst = at === 0;
    attentions.set(lun, [
      ...grown.some(([each]) => each === lun) ? [CAPACITY_CHANGED] : [],
      ...isFirst && isLess ? [LUNS_CHANGED] : [],
      ...turned.some(([each]) => each === lun) ? [MODE_CHANGED] : [],
      ...isFirst && isMore && !isLess ? [LUNS_CHANGED] : [],
    ]);
  });
  return { attentions, events };
}

/** Looks at every LUN: what is told of it, and that it is what it should be. */
export async function look(
  initiator: TestInitiator,
  luns: SeenLuns,
  { attentions, events }: News,
): Promise<void> {
  for (const [lun, codes] of attentions) {
    assert.deepEqual(await told(initiator, lun), codes, `LUN ${lun}`);
  }
  assert.deepEqual(await reportedLuns(initiator), [...luns.keys()]);
  assert.deepEqual(initiator.heard().map((each) => each.code), events, "events");
  for (const [lun, { disk, readOnly, size }] of luns) {
    const { data } = await initiator.run({
      cdb: READ_CAPACITY,
      read: true,
      length: 32,
      lun: addressOf(lun),
    });
    const view = new DataView(data.buffer);
    const blocks = Number(view.getBigUint64(0)) + 1;
    const block = disk.logicalBlockLength;
    assert.deepEqual([blocks * view.getUint32(8), view.getUint32(8)], [size, block], "capacity");
    const written = {
      cdb: WRITE_ONE,
      write: true,
      length: block,
      data: new Uint8Array(block),
      lun: addressOf(lun),
    };
    assert.equal((await initiator.run(written)).key, readOnly ? DATA_PROTECT : 0, "write");
    if (attentions.get(lun)?.[0] === POWER_ON) await checkIdentity(initiator, lun, disk);
  }
  if (luns.has(0)) return;
  const { code } = await initiator.run({ cdb: TEST_UNIT_READY });
  assert.equal(code, 0x2500, "there is no LUN 0");
}

/** The unit attentions of a LUN, until it is ready. */
async function told(initiator: TestInitiator, lun: number): Promise<number[]> {
  const codes: number[] = [];
  for (;;) {
    const { status, code } = await initiator.run({ cdb: TEST_UNIT_READY, lun: addressOf(lun) });
    if (status === 0) return codes;
    codes.push(code);
    assert.ok(
      codes.length < 9,
      `LUN ${lun} is not ready: ${codes.map((each) => each.toString(16))}`,
    );
  }
}

async function reportedLuns(initiator: TestInitiator): Promise<number[]> {
  const { data } = await initiator.run({ cdb: REPORT_LUNS, read: true, length: 4096 });
  const view = new DataView(data.buffer, data.byteOffset);
  const count = view.getUint32(0) / 8;
  // SAM-5 4.7.7.3: flat space addressing above 255.
  return Array.from({ length: count }, (_, at) => view.getUint16(8 + at * 8) & 0x3fff);
}

/** Initiators know a disk by its UUID, whatever LUN it is behind. */
async function checkIdentity(initiator: TestInitiator, lun: number, disk: ModelDisk) {
  const { data } = await initiator.run({
    cdb: SERIAL_NUMBER,
    read: true,
    length: 64,
    lun: addressOf(lun),
  });
  const serial = new TextDecoder().decode(data.subarray(4)).replaceAll("-", "");
  assert.equal(serial.toLowerCase(), disk.uuid!.replaceAll("-", ""), "identity");
}

/** The iSCSI names that SendTargets tells a discovery session. */
export async function discovered(initiator: TestInitiator): Promise<string[]> {
  const request = new TextRequest(new Uint8Array(BHS_LENGTH));
  request.opcode = Opcode.TEXT_REQUEST;
  request.final = true;
  request.initiatorTaskTag = initiator.takeTag();
  request.targetTransferTag = RESERVED_TAG;
  request.cmdSN = initiator.cmdSN;
  request.expStatSN = initiator.expStatSN;
  const text = new TextEncoder().encode("SendTargets=All\0");
  await initiator.send(new Uint8Array(request.view.buffer), text);
  const pdu = await initiator.receive();
  assert.equal(pdu?.opcode, Opcode.TEXT_RESPONSE);
  const pairs = new TextDecoder().decode(pdu!.data).split("\0");
  return pairs.filter((pair) => pair.startsWith("TargetName=")).map((pair) => pair.slice(11));
}

/** Logs out in order; the session is over when this resolves. */
export async function logOut(initiator: TestInitiator): Promise<void> {
  const request = new LogoutRequest(new Uint8Array(BHS_LENGTH));
  request.opcode = Opcode.LOGOUT_REQUEST;
  request.final = true;
  request.immediate = true;
  request.initiatorTaskTag = initiator.takeTag();
  request.cmdSN = initiator.cmdSN;
  request.expStatSN = initiator.expStatSN;
  await initiator.send(new Uint8Array(request.view.buffer));
  await initiator.expect(Opcode.LOGOUT_RESPONSE, LogoutResponse);
  initiator.stream.close();
}

/** The LUN as it is addressed. SAM-5 4.7.7: peripheral device addressing, and flat space past that. */
function addressOf(lun: number): number {
  return lun < 256 ? lun : 0x4000 | lun;
}

/** A CDB of 16 octets with a number of four octets in it. */
function cdb(head: readonly number[], at: number, value: number): Uint8Array {
  const octets = new Uint8Array(16);
  octets.set(head);
  new DataView(octets.buffer).setUint32(at, value);
  return octets;
}
