import assert from "node:assert/strict";
import type { LogicalUnit } from "../../../lib/scsi/logical_unit.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { emitTransportId } from "../../../lib/scsi/transport_id.ts";
import {
  attentions,
  PREEMPT,
  readFullStatus,
  readKeys,
  readReservation,
  REGISTER,
  REGISTER_AND_IGNORE,
  RELEASE,
  RESERVE,
  reserveOut,
  WE,
  WERO,
} from "../../support/reservations.ts";
import { join, nexusOf, unitOf } from "../../support/scsi.ts";

const { GOOD, RESERVATION_CONFLICT } = Status;
const allTargetPorts = true;

/** One initiator port that reaches the unit by three target ports, and another by one. */
const PATHS = [1, 2, 3].map((port) => nexusOf(7, port)) as [
  ReturnType<typeof nexusOf>,
  ReturnType<typeof nexusOf>,
  ReturnType<typeof nexusOf>,
];
const RIVAL = nexusOf(8);

function multipathUnit(): LogicalUnit {
  const unit = unitOf();
  for (const nexus of [...PATHS, RIVAL]) join(unit, nexus);
  return unit;
}

async function statusOf(...args: Parameters<typeof reserveOut>): Promise<number> {
  return (await reserveOut(...args)).status;
}

/** The paths by which the initiator is registered with the key. */
async function pathsOf(unit: LogicalUnit, key: bigint): Promise<number[]> {
  const paths: number[] = [];
  for (const nexus of PATHS) {
    // To release what one does not hold is GOOD for exactly those who are registered with the key.
    const status = await statusOf(unit, RELEASE, { nexus, key, type: 15 });
    if (status === GOOD) paths.push(nexus.relativeTargetPort);
  }
  return paths;
}

Deno.test("ALL_TG_PT: one REGISTER is for every path, be it used later only", async () => {
  const unit = unitOf();
  join(unit, PATHS[0]);
  await reserveOut(unit, REGISTER, { nexus: PATHS[0], actionKey: 5n, allTargetPorts });
  for (const nexus of PATHS.slice(1)) join(unit, nexus);
  assert.deepEqual(await pathsOf(unit, 5n), [1, 2, 3]);
  assert.equal(await statusOf(unit, RELEASE, { nexus: RIVAL, key: 5n }), RESERVATION_CONFLICT);
});

Deno.test("ALL_TG_PT: without it, only the path that asks is changed", async () => {
  const unit = multipathUnit();
  await reserveOut(unit, REGISTER, { nexus: PATHS[0], actionKey: 5n, allTargetPorts });
  await reserveOut(unit, REGISTER, { nexus: PATHS[1], key: 5n, actionKey: 6n });
  assert.deepEqual(await pathsOf(unit, 5n), [1, 3]);
  assert.deepEqual(await pathsOf(unit, 6n), [2]);
  await reserveOut(unit, REGISTER, { nexus: PATHS[2], key: 5n });
  assert.deepEqual(await pathsOf(unit, 5n), [1]);
});

Deno.test("ALL_TG_PT: nothing is left of it when every path has unregistered by itself", async () => {
  const unit = multipathUnit();
  await reserveOut(unit, REGISTER, { nexus: PATHS[0], actionKey: 5n, allTargetPorts });
  for (const nexus of PATHS) {
    assert.equal(await statusOf(unit, REGISTER, { nexus, key: 5n }), GOOD);
  }
  assert.deepEqual((await readKeys(unit)).keys, []);
});

Deno.test("ALL_TG_PT: REGISTER needs the key of every path, or ignores them", async () => {
  const unit = multipathUnit();
  await reserveOut(unit, REGISTER, { nexus: PATHS[1], actionKey: 6n });
  const options = { nexus: PATHS[0], actionKey: 5n, allTargetPorts };
  assert.equal(await statusOf(unit, REGISTER, options), RESERVATION_CONFLICT);
  assert.equal(await statusOf(unit, REGISTER_AND_IGNORE, options), GOOD);
  assert.deepEqual(await pathsOf(unit, 5n), [1, 2, 3]);
  assert.equal((await readKeys(unit)).keys.length, 1);
  const gone = { nexus: PATHS[2], key: 5n, allTargetPorts };
  assert.equal(await statusOf(unit, REGISTER, gone), GOOD);
  assert.deepEqual((await readKeys(unit)).keys, []);
});

Deno.test("ALL_TG_PT: the path that reserves is the holder, the others are registered", async () => {
  const unit = multipathUnit();
  await reserveOut(unit, REGISTER, { nexus: PATHS[0], actionKey: 5n, allTargetPorts });
  const reserve = { key: 5n, type: WE };
  assert.equal(await statusOf(unit, RESERVE, { nexus: PATHS[1], ...reserve }), GOOD);
  assert.equal(
    await statusOf(unit, RESERVE, { nexus: PATHS[0], ...reserve }),
    RESERVATION_CONFLICT,
  );
  // A new key for all paths is the holder's new key too, and it stays the holder.
  const rekey = { nexus: PATHS[0], key: 5n, actionKey: 6n, allTargetPorts };
  assert.equal(await statusOf(unit, REGISTER, rekey), GOOD);
  assert.equal((await readReservation(unit))?.key, 6n);
  assert.deepEqual(await pathsOf(unit, 6n), [1, 3], "and the holder's RELEASE has the wrong type");
  const holder = (await readFullStatus(unit)).filter((each) => each.holder);
  assert.deepEqual(holder.map((each) => each.relativeTargetPort), [2]);
});

Deno.test("ALL_TG_PT: every path is preempted, and told", async () => {
  const unit = multipathUnit();
  await reserveOut(unit, REGISTER, { nexus: PATHS[0], actionKey: 5n, allTargetPorts });
  await reserveOut(unit, RESERVE, { nexus: PATHS[1], key: 5n, type: WERO });
  await reserveOut(unit, REGISTER, { nexus: RIVAL, actionKey: 8n });
  const preempt = { nexus: RIVAL, key: 8n, actionKey: 5n, type: WERO };
  assert.equal(await statusOf(unit, PREEMPT, preempt), GOOD);
  assert.deepEqual((await readKeys(unit)).keys, [8n]);
  for (const nexus of PATHS) assert.deepEqual(attentions(unit, nexus), [0x2a05]);
});

Deno.test("ALL_TG_PT: a path that preempts its siblings' key keeps its own registration", async () => {
  const unit = multipathUnit();
  await reserveOut(unit, REGISTER, { nexus: PATHS[0], actionKey: 5n, allTargetPorts });
  await reserveOut(unit, RESERVE, { nexus: PATHS[0], key: 5n, type: WE });
  const preempt = { nexus: PATHS[1], key: 5n, actionKey: 5n, type: WE };
  assert.equal(await statusOf(unit, PREEMPT, preempt), GOOD);
  const left = await readFullStatus(unit);
  assert.deepEqual(left.map((each) => [each.relativeTargetPort, each.holder]), [[2, true]]);
  assert.deepEqual(attentions(unit, PATHS[1]), []);
  assert.deepEqual(attentions(unit, PATHS[2]), [0x2a05]);
});

Deno.test("SPEC_I_PT: REGISTER is for the initiator ports named, too", async () => {
  const unit = multipathUnit();
  const transportIds = [nexusOf(7), RIVAL].map((each) => emitTransportId(each.initiatorPort));
  const options = { nexus: nexusOf(5), actionKey: 9n, transportIds };
  join(unit, options.nexus);
  assert.equal(await statusOf(unit, REGISTER, options), GOOD);
  assert.deepEqual(await readKeys(unit), { generation: 1, keys: [9n, 9n, 9n] });
  assert.deepEqual(await pathsOf(unit, 9n), [1], "by the same target port");
});

Deno.test("SPEC_I_PT: with ALL_TG_PT it is for their every path", async () => {
  const unit = multipathUnit();
  const transportIds = [emitTransportId(PATHS[0].initiatorPort)];
  const options = { nexus: RIVAL, actionKey: 9n, transportIds, allTargetPorts };
  assert.equal(await statusOf(unit, REGISTER, options), GOOD);
  assert.deepEqual(await pathsOf(unit, 9n), [1, 2, 3]);
});

Deno.test("SPEC_I_PT: the name of a device is for every port of it that is known", async () => {
  const unit = multipathUnit();
  const second = { ...PATHS[0], initiatorPort: `${PATHS[0].initiatorName},i,0x0000000000ff` };
  join(unit, second);
  const name = new TextEncoder().encode(PATHS[0].initiatorName);
  const transportId = new Uint8Array(4 + 40);
  transportId.set([5, 0, 0, 40, ...name]);
  const options = { nexus: RIVAL, actionKey: 9n, transportIds: [transportId] };
  assert.equal(await statusOf(unit, REGISTER, options), GOOD);
  const ports = (await readFullStatus(unit)).map((each) => each.port).sort();
  const expected = [RIVAL, PATHS[0], second].map((each) => each.initiatorPort).sort();
  assert.deepEqual(ports, expected);
});

Deno.test("SPEC_I_PT: all are registered, or none", async () => {
  const unit = multipathUnit();
  await reserveOut(unit, REGISTER, { nexus: PATHS[0], actionKey: 5n });
  const fresh = emitTransportId(nexusOf(20).initiatorPort);
  const stranger = new Uint8Array(24);
  stranger.set([5, 0, 0, 20, ...new TextEncoder().encode("iqn.2026-01.a:b")]);
  const bad: [string, Uint8Array, number][] = [
    ["registered already", emitTransportId(PATHS[0].initiatorPort), 24],
    ["a device nobody knows", stranger, 24],
    ["no TransportID", new Uint8Array(24), 28 + fresh.length],
  ];
  for (const [what, id, octet] of bad) {
    const options = { nexus: RIVAL, actionKey: 9n, transportIds: [fresh, id] };
    const { sense } = await reserveOut(unit, REGISTER, options);
    assert.deepEqual([sense?.code, sense?.field?.octet], [0x2600, octet], what);
    assert.deepEqual(await readKeys(unit), { generation: 1, keys: [5n] }, what);
  }
  // By another target port the initiator port is not registered, so that is no obstacle.
  const other = nexusOf(8, 2);
  join(unit, other);
  const options = {
    nexus: other,
    actionKey: 9n,
    transportIds: [emitTransportId(PATHS[1].initiatorPort)],
  };
  assert.equal(await statusOf(unit, REGISTER, options), GOOD);
});
