import assert from "node:assert/strict";
import { begin, finish } from "../../../../lib/scsi/device_server.ts";
import { nextGeneration } from "../../../../lib/scsi/reservations/outcome.ts";
import type { Sense } from "../../../../lib/scsi/sense.ts";
import { Status } from "../../../../lib/scsi/status.ts";
import { Step } from "../../../../lib/scsi/task.ts";
import { emitTransportId } from "../../../../lib/scsi/transport_id.ts";
import {
  attentions,
  CLEAR,
  EA,
  PREEMPT,
  PREEMPT_AND_ABORT,
  readKeys,
  readReservation,
  REGISTER,
  register,
  REGISTER_AND_IGNORE,
  registerAndMove,
  RELEASE,
  RESERVE,
  RESERVE_6,
  reserveOut,
  reserveOutCdb,
  reserveOutList,
  TYPES,
  WE,
  WERO,
} from "../../../support/reservations.ts";
import {
  join,
  lunsOf,
  NEXUS,
  nexusOf,
  OTHER_NEXUS,
  run,
  taskOf,
  unitOf,
} from "../../../support/scsi.ts";

const { GOOD, RESERVATION_CONFLICT, CHECK_CONDITION } = Status;
const ACTIONS = [
  REGISTER,
  RESERVE,
  RELEASE,
  CLEAR,
  PREEMPT,
  PREEMPT_AND_ABORT,
  REGISTER_AND_IGNORE,
];
const K1 = 0x1111n;
const K2 = 0x2222n;

/** Both nexuses are registered. */
async function registeredUnit() {
  const unit = unitOf();
  await register(unit, NEXUS, K1);
  await register(unit, OTHER_NEXUS, K2);
  return unit;
}

async function statusOf(...args: Parameters<typeof reserveOut>): Promise<number> {
  return (await reserveOut(...args)).status;
}

async function senseOf(...args: Parameters<typeof reserveOut>): Promise<Sense | undefined> {
  const { status, sense } = await reserveOut(...args);
  assert.equal(status, CHECK_CONDITION);
  return sense;
}

Deno.test("REGISTER: a new nexus gives key zero, a registered one its key", async () => {
  const unit = unitOf();
  assert.equal(await statusOf(unit, REGISTER, { key: 9n, actionKey: K1 }), RESERVATION_CONFLICT);
  assert.equal(await statusOf(unit, REGISTER, { actionKey: K1 }), GOOD);
  assert.equal(await statusOf(unit, REGISTER, { actionKey: K2 }), RESERVATION_CONFLICT);
  assert.equal(await statusOf(unit, REGISTER, { key: K1, actionKey: K2 }), GOOD);
  assert.deepEqual(await readKeys(unit), { generation: 2, keys: [K2] });
  assert.equal(await statusOf(unit, REGISTER, { key: K2, actionKey: 0n }), GOOD);
  assert.deepEqual(await readKeys(unit), { generation: 3, keys: [] });
});

Deno.test("REGISTER: zero and zero from a nexus that is not registered does nothing", async () => {
  const unit = unitOf();
  assert.equal(await statusOf(unit, REGISTER), GOOD);
  assert.equal(await statusOf(unit, REGISTER_AND_IGNORE), GOOD);
  assert.deepEqual(await readKeys(unit), { generation: 0, keys: [] });
});

Deno.test("REGISTER AND IGNORE EXISTING KEY: whatever RESERVATION KEY says", async () => {
  const unit = unitOf();
  for (const actionKey of [K1, K2]) {
    assert.equal(await statusOf(unit, REGISTER_AND_IGNORE, { key: 77n, actionKey }), GOOD);
    assert.deepEqual((await readKeys(unit)).keys, [actionKey]);
  }
  assert.equal(await statusOf(unit, REGISTER_AND_IGNORE, { key: 77n }), GOOD);
  assert.deepEqual((await readKeys(unit)).keys, []);
});

Deno.test("A129: a key belongs to the nexus, not to the name, the session or another target port", async () => {
  const unit = unitOf();
  const otherIsid = { ...NEXUS, initiatorPort: `${NEXUS.initiatorPort.slice(0, -1)}f` };
  const otherPort = nexusOf(1, 2);
  for (const nexus of [otherIsid, otherPort]) join(unit, nexus);
  await register(unit, NEXUS, K1);
  for (const nexus of [otherIsid, otherPort]) {
    const conflict = await statusOf(unit, RESERVE, { nexus, key: K1, type: WE });
    assert.equal(conflict, RESERVATION_CONFLICT);
  }
  // The session ends, and another one of the same nexus begins.
  unit.detach(NEXUS);
  const again = { ...NEXUS };
  join(unit, again);
  assert.equal(await statusOf(unit, RESERVE, { nexus: again, key: K1, type: WE }), GOOD);
});

Deno.test("A130: each service action asks for the nexus's own key", async () => {
  const unit = await registeredUnit();
  for (const action of [RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_AND_ABORT]) {
    for (const key of [0n, K2, 3n]) {
      const options = { key, actionKey: K2, type: WE };
      assert.equal(await statusOf(unit, action, options), RESERVATION_CONFLICT, `${action}`);
    }
  }
  assert.deepEqual(await readKeys(unit), { generation: 2, keys: [K1, K2] });
});

Deno.test("A130: all six types are reserved and released", async () => {
  const unit = await registeredUnit();
  for (const type of TYPES) {
    assert.equal(await statusOf(unit, RESERVE, { key: K1, type }), GOOD);
    assert.equal(await statusOf(unit, RESERVE, { key: K1, type }), GOOD, "again");
    assert.equal((await readReservation(unit))?.type, type);
    for (const other of TYPES.filter((each) => each !== type)) {
      const conflict = await statusOf(unit, RESERVE, { key: K1, type: other });
      assert.equal(conflict, RESERVATION_CONFLICT);
    }
    assert.equal(await statusOf(unit, RELEASE, { key: K1, type }), GOOD);
    assert.equal(await readReservation(unit), undefined);
    attentions(unit, OTHER_NEXUS);
  }
});

Deno.test("RESERVE: no other scope and no other type exists", async () => {
  const unit = await registeredUnit();
  for (const type of [0, 2, 4, 9, 15]) {
    const sense = await senseOf(unit, RESERVE, { key: K1, type });
    assert.deepEqual([sense?.code, sense?.field?.octet], [0x2400, 2]);
  }
  const sense = await senseOf(unit, RESERVE, { key: K1, type: WE, scope: 1 });
  assert.deepEqual([sense?.code, sense?.field?.octet], [0x2400, 2]);
  assert.equal(await readReservation(unit), undefined);
});

Deno.test("RESERVE: another registered nexus conflicts with the holder", async () => {
  const unit = await registeredUnit();
  await reserveOut(unit, RESERVE, { key: K1, type: WERO });
  const conflict = await statusOf(unit, RESERVE, { nexus: OTHER_NEXUS, key: K2, type: WERO });
  assert.equal(conflict, RESERVATION_CONFLICT);
});

Deno.test("RELEASE: GOOD without effect from who does not hold, or where nobody does", async () => {
  const unit = await registeredUnit();
  assert.equal(await statusOf(unit, RELEASE, { key: K1, type: WE }), GOOD);
  await reserveOut(unit, RESERVE, { key: K1, type: WE });
  assert.equal(await statusOf(unit, RELEASE, { nexus: OTHER_NEXUS, key: K2, type: WE }), GOOD);
  assert.equal((await readReservation(unit))?.key, K1);
});

Deno.test("RELEASE: another type or scope than the reservation's is refused", async () => {
  const unit = await registeredUnit();
  await reserveOut(unit, RESERVE, { key: K1, type: WE });
  assert.equal((await senseOf(unit, RELEASE, { key: K1, type: EA }))?.code, 0x2604);
  assert.equal((await senseOf(unit, RELEASE, { key: K1, type: WE, scope: 2 }))?.code, 0x2604);
  assert.equal((await readReservation(unit))?.type, WE);
});

Deno.test("A131: PRGENERATION counts what changes registrations, and nothing else", async () => {
  const unit = await registeredUnit();
  let expected = 2;
  const step = async (more: number, what: string, act: () => Promise<number>) => {
    assert.equal(await act(), GOOD, what);
    expected += more;
    assert.equal((await readKeys(unit)).generation, expected, what);
  };
  const type = WE;
  await step(0, "RESERVE", () => statusOf(unit, RESERVE, { key: K1, type }));
  await step(0, "RELEASE", () => statusOf(unit, RELEASE, { key: K1, type }));
  await step(1, "REGISTER", () => statusOf(unit, REGISTER, { key: K1, actionKey: K1 }));
  await step(1, "PREEMPT", () => statusOf(unit, PREEMPT, { key: K1, actionKey: K2, type }));
  attentions(unit, OTHER_NEXUS);
  await step(
    1,
    "REGISTER AND IGNORE",
    () => statusOf(unit, REGISTER_AND_IGNORE, { nexus: OTHER_NEXUS, actionKey: K2 }),
  );
  await step(
    1,
    "PREEMPT AND ABORT",
    () => statusOf(unit, PREEMPT_AND_ABORT, { key: K1, actionKey: K2, type }),
  );
  await step(1, "CLEAR", () => statusOf(unit, CLEAR, { key: K1 }));
  const before = expected;
  assert.equal(await statusOf(unit, CLEAR, { key: K1 }), RESERVATION_CONFLICT);
  assert.equal((await readKeys(unit)).generation, before, "a conflict");
});

Deno.test("A131: PRGENERATION counts a move, and wraps at 32 bits", async () => {
  const unit = await registeredUnit();
  await reserveOut(unit, RESERVE, { key: K1, type: WE });
  const to = emitTransportId(OTHER_NEXUS.initiatorPort);
  await registerAndMove(unit, { nexus: NEXUS, key: K1, actionKey: 5n, to });
  assert.equal((await readKeys(unit)).generation, 3);
  const state = { ...unit.reservations.state, prGeneration: 0xffff_ffff };
  assert.equal(nextGeneration(state), 0);
});

Deno.test("PERSISTENT RESERVE OUT: a list of another length than 24 octets is refused", async () => {
  const unit = await registeredUnit();
  for (const action of ACTIONS) {
    for (const length of [0, 8, 23, 25, 28]) {
      const dataOut = new Uint8Array(length);
      dataOut.set(reserveOutList({ key: K1, actionKey: K2 }).subarray(0, length));
      const cdb = reserveOutCdb(action, { type: WE }, length);
      const { status, sense } = await run(unit, cdb, { dataOut });
      assert.deepEqual([status, sense?.code], [CHECK_CONDITION, 0x1a00], `${action} ${length}`);
    }
  }
  assert.equal((await readKeys(unit)).generation, 2);
});

Deno.test("PERSISTENT RESERVE OUT: a list that does not come whole is refused", async () => {
  const unit = unitOf();
  const cdb = reserveOutCdb(REGISTER, {}, 24);
  const dataOut = reserveOutList({ actionKey: K1 }).subarray(0, 20);
  const { status, sense } = await run(unit, cdb, { dataOut });
  assert.deepEqual([status, sense?.code], [CHECK_CONDITION, 0x1a00]);
  assert.deepEqual((await readKeys(unit)).keys, []);
});

Deno.test("PERSISTENT RESERVE OUT: a list longer than any there can be is not received", async () => {
  const unit = unitOf();
  for (const action of [REGISTER, 7]) {
    const { sense } = await run(unit, reserveOutCdb(action, {}, 0xffff_ffff));
    assert.equal(sense?.code, 0x1a00);
  }
});

Deno.test("PERSISTENT RESERVE OUT: service actions that do not exist are an invalid field", async () => {
  for (let action = 8; action < 0x20; action++) {
    const sense = await senseOf(unitOf(), action, { actionKey: K1 });
    assert.equal(sense?.code, 0x2400);
  }
});

Deno.test("PERSISTENT RESERVE OUT: SPEC_I_PT is for REGISTER alone", async () => {
  const unit = await registeredUnit();
  const transportIds = [emitTransportId(nexusOf(3).initiatorPort)];
  for (const action of ACTIONS.filter((each) => each !== REGISTER)) {
    // In a list of the right length.
    const dataOut = reserveOutList({ key: K1, actionKey: K2 });
    dataOut[20] = 8;
    const { sense } = await run(unit, reserveOutCdb(action, { type: WE }, 24), { dataOut });
    assert.deepEqual([sense?.code, sense?.field?.octet, sense?.field?.bit], [0x2600, 20, 3]);
  }
  const sense = await senseOf(unit, REGISTER, { key: K1, actionKey: 5n, transportIds });
  assert.deepEqual(
    [sense?.code, sense?.field?.bit],
    [0x2600, 3],
    "the nexus is registered already",
  );
  assert.equal((await readKeys(unit)).generation, 2);
});

Deno.test("REGISTER: 256 registrations are kept, and not one more", async () => {
  const unit = unitOf();
  for (let i = 0; i < 256; i++) {
    const nexus = nexusOf(100 + i);
    await register(unit, nexus, BigInt(i + 1));
  }
  const sense = await senseOf(unit, REGISTER, { actionKey: K1 });
  assert.equal(sense?.code, 0x5504);
  const before = await readKeys(unit);
  assert.equal(before.keys.length, 256);
  // Who is registered can still change its key.
  await register(unit, nexusOf(100), K2);
  const transportIds = [emitTransportId(nexusOf(999).initiatorPort)];
  await reserveOut(unit, REGISTER, { nexus: nexusOf(101), key: 2n });
  const both = await senseOf(unit, REGISTER, { actionKey: K1, transportIds });
  assert.equal(both?.code, 0x5504, "one of two would fit: neither is registered");
  assert.equal((await readKeys(unit)).keys.length, 255);
});

Deno.test("REGISTER AND MOVE: 256 registrations are kept, and not one more", async () => {
  const unit = unitOf();
  for (let i = 0; i < 256; i++) await register(unit, nexusOf(100 + i), BigInt(i + 1));
  await reserveOut(unit, RESERVE, { nexus: nexusOf(100), key: 1n, type: WE });
  const to = emitTransportId(NEXUS.initiatorPort);
  const move = { nexus: nexusOf(100), key: 1n, actionKey: K1, to };
  assert.equal((await registerAndMove(unit, move)).sense?.code, 0x5504);
  assert.equal((await registerAndMove(unit, { ...move, unregister: true })).status, GOOD);
  assert.equal((await readReservation(unit))?.key, K1);
});

Deno.test("REGISTER: with SPEC_I_PT the lengths must agree", async () => {
  const unit = unitOf();
  const whole = reserveOutList({
    actionKey: K1,
    transportIds: [emitTransportId(nexusOf(3).initiatorPort)],
  });
  const longer = whole.slice();
  longer[27]!++;
  for (const dataOut of [whole.subarray(0, 24), whole.subarray(0, 27), longer]) {
    const { sense } = await run(unit, reserveOutCdb(REGISTER, {}, dataOut.length), { dataOut });
    assert.equal(sense?.code, 0x1a00);
  }
  assert.deepEqual((await readKeys(unit)).keys, []);
});

Deno.test("REGISTER AND MOVE: the lengths must agree", async () => {
  const unit = await registeredUnit();
  await reserveOut(unit, RESERVE, { key: K1, type: WE });
  const dataOut = new Uint8Array(24 + 24);
  new DataView(dataOut.buffer).setUint32(20, 20);
  const { sense } = await run(unit, reserveOutCdb(7, {}, dataOut.length), { dataOut });
  assert.equal(sense?.code, 0x1a00);
});

Deno.test("A136: RESERVE that comes between a CDB and its parameter list goes first", async () => {
  const unit = unitOf();
  const task = taskOf(unit, reserveOutCdb(REGISTER, {}, 24), { nexus: OTHER_NEXUS });
  assert.equal(begin(task, lunsOf(unit)), Step.COLLECT);
  assert.equal((await run(unit, RESERVE_6)).status, GOOD);
  task.data = reserveOutList({ actionKey: K2 });
  assert.equal(finish(task), Step.DONE);
  assert.equal(task.status, RESERVATION_CONFLICT);
  assert.deepEqual(unit.reservations.state.registrations, []);
});
