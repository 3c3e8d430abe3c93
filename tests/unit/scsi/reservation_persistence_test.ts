import assert from "node:assert/strict";
import { DeviceError } from "../../../lib/block/device.ts";
import { Access } from "../../../lib/scsi/command.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { Task } from "../../../lib/scsi/task.ts";
import { emitTransportId } from "../../../lib/scsi/transport_id.ts";
import {
  attentions,
  CLEAR,
  EARO,
  PREEMPT,
  readFullStatus,
  readKeys,
  readReservation,
  REGISTER,
  register,
  REGISTER_AND_IGNORE,
  registerAndMove,
  RELEASE,
  RESERVE,
  reserveIn,
  reserveOut,
  TEST_UNIT_READY,
  TestStore,
  TYPES,
  WEAR,
  WERO,
} from "../../support/reservations.ts";
import { join, NEXUS, nexusOf, OTHER_NEXUS, taskOf, unitOf } from "../../support/scsi.ts";

const { GOOD, CHECK_CONDITION, RESERVATION_CONFLICT } = Status;
const K1 = 0xffff_ffff_ffff_fff1n;
const K2 = 2n;
const aptpl = true;

/** Both nexuses are registered, and what they do is kept. */
async function persistentUnit(store: TestStore) {
  const unit = unitOf({ reservationStore: store });
  await register(unit, NEXUS, K1, { aptpl });
  await register(unit, OTHER_NEXUS, K2, { aptpl });
  return unit;
}

/** The promise is not settled when everything that can run has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  for (let i = 0; i < 50; i++) await Promise.resolve();
  return !settled;
}

Deno.test("A134: GOOD and the new state come when the state is saved, not before", async () => {
  const store = new TestStore();
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const unit = unitOf({ reservationStore: store });
  const registering = reserveOut(unit, REGISTER, { actionKey: K1, aptpl });
  assert.equal(await isPending(registering), true);
  assert.equal(store.saves, 1);
  assert.deepEqual((await readKeys(unit)).keys, [], "others see what was before");
  gate.resolve();
  assert.equal((await registering).status, GOOD);
  assert.deepEqual((await readKeys(unit)).keys, [K1]);
  assert.equal(store.saved?.registrations[0]?.key, "fffffffffffffff1");
});

Deno.test("A134: every type of reservation, its holder and every registration survive", async () => {
  for (const type of TYPES) {
    const store = new TestStore();
    const unit = await persistentUnit(store);
    join(unit, nexusOf(3, 2));
    await register(unit, nexusOf(3, 2), 3n, { aptpl, allTargetPorts: true });
    await reserveOut(unit, RESERVE, { nexus: OTHER_NEXUS, key: K2, type });

    const restarted = unitOf({ reservationStore: store });
    assert.deepEqual(await readFullStatus(restarted), await readFullStatus(unit));
    assert.deepEqual(await readReservation(restarted), await readReservation(unit));
    for (const nexus of [NEXUS, OTHER_NEXUS, nexusOf(3, 9), nexusOf(4)]) {
      for (const access of Object.values(Access)) {
        const task = taskOf(unit, TEST_UNIT_READY, { nexus });
        const before = unit.reservations.conflicts(task, access);
        assert.equal(restarted.reservations.conflicts(task, access), before);
      }
    }
    const release = { nexus: OTHER_NEXUS, key: K2, type };
    assert.equal((await reserveOut(restarted, RELEASE, release)).status, GOOD);
    attentions(restarted, NEXUS);
    assert.equal(await readReservation(restarted), undefined);
  }
});

Deno.test("A131 A134: PRGENERATION begins at zero after a loss of power, APTPL stays activated", async () => {
  const store = new TestStore();
  const unit = await persistentUnit(store);
  assert.equal((await readKeys(unit)).generation, 2);
  const restarted = unitOf({ reservationStore: store });
  assert.equal((await readKeys(restarted)).generation, 0);
  assert.equal((await reserveIn(restarted, 2)).data[3]! & 1, 1);
  // So a later change is kept, though its command says nothing of it.
  await reserveOut(restarted, RESERVE, { key: K1, type: WERO });
  assert.equal(store.saved?.reservation?.type, WERO);
});

Deno.test("A134: each service action that changes something is saved", async () => {
  const store = new TestStore();
  const unit = await persistentUnit(store);
  const keys = () => store.saved?.registrations.map(({ key }) => BigInt(`0x${key}`));
  await reserveOut(unit, RESERVE, { key: K1, type: EARO });
  assert.deepEqual(store.saved?.reservation, { type: EARO, holder: 0 });
  const to = emitTransportId(OTHER_NEXUS.initiatorPort);
  await registerAndMove(unit, { nexus: NEXUS, key: K1, actionKey: 9n, to, aptpl });
  assert.deepEqual(store.saved?.reservation, { type: EARO, holder: 1 });
  assert.deepEqual(keys(), [K1, 9n]);
  await reserveOut(unit, PREEMPT, { key: K1, actionKey: 9n, type: WEAR });
  assert.deepEqual(keys(), [K1]);
  assert.deepEqual(store.saved?.reservation, { type: WEAR });
  await reserveOut(unit, RELEASE, { key: K1, type: WEAR });
  assert.equal(store.saved?.reservation, undefined);
  await reserveOut(unit, REGISTER_AND_IGNORE, { actionKey: 7n, aptpl });
  assert.deepEqual(keys(), [7n]);
  await reserveOut(unit, CLEAR, { key: 7n });
  assert.deepEqual(keys(), []);
});

Deno.test("A134: what changes nothing, or fails, is not saved", async () => {
  const store = new TestStore();
  const unit = await persistentUnit(store);
  await reserveOut(unit, RESERVE, { key: K1, type: WERO });
  const { saves } = store;
  await reserveOut(unit, RESERVE, { key: K1, type: WERO });
  await reserveOut(unit, RESERVE, { nexus: OTHER_NEXUS, key: K2, type: WERO });
  await reserveOut(unit, RELEASE, { nexus: OTHER_NEXUS, key: K2, type: WERO });
  assert.equal(store.saves, saves);
});

Deno.test("A134: APTPL zero after APTPL one gives up what was kept, before GOOD", async () => {
  const store = new TestStore();
  const unit = await persistentUnit(store);
  await reserveOut(unit, RESERVE, { key: K1, type: WERO });
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const registering = reserveOut(unit, REGISTER, { key: K1, actionKey: K1 });
  assert.equal(await isPending(registering), true);
  gate.resolve();
  assert.equal((await registering).status, GOOD);
  assert.deepEqual(store.saved, { registrations: [] });
  assert.equal((await readReservation(unit))?.type, WERO, "it is in force as long as power lasts");
  const { saves } = store;
  await reserveOut(unit, RELEASE, { key: K1, type: WERO });
  assert.equal(store.saves, saves);
  assert.deepEqual((await readKeys(unitOf({ reservationStore: store }))).keys, []);
});

Deno.test("A134: without a store APTPL is refused where it is looked at, and nowhere else", async () => {
  const unit = unitOf();
  for (const action of [REGISTER, REGISTER_AND_IGNORE]) {
    const { status, sense } = await reserveOut(unit, action, { actionKey: K1, aptpl });
    assert.equal(status, CHECK_CONDITION);
    assert.deepEqual([sense?.code, sense?.field], [0x2600, { in: "data", octet: 20, bit: 0 }]);
  }
  await register(unit, NEXUS, K1);
  assert.equal((await reserveOut(unit, RESERVE, { key: K1, type: WERO, aptpl })).status, GOOD);
});

Deno.test("A134: a save that fails changes nothing, tells nobody and fails the command", async () => {
  const store = new TestStore();
  const unit = await persistentUnit(store);
  await reserveOut(unit, RESERVE, { nexus: OTHER_NEXUS, key: K2, type: WERO });
  const before = unit.reservations.state;
  const { saved } = store;
  store.failure = new DeviceError("medium", "the disk with the reservations is full");
  const { status, sense } = await reserveOut(unit, PREEMPT, {
    key: K1,
    actionKey: K2,
    type: WERO,
  });
  assert.deepEqual([status, sense?.key, sense?.code], [CHECK_CONDITION, 0x4, 0x4400]);
  assert.equal(unit.reservations.state, before);
  assert.equal(store.saved, saved);
  assert.deepEqual(attentions(unit, OTHER_NEXUS), []);
  store.failure = undefined;
  assert.equal(
    (await reserveOut(unit, PREEMPT, { key: K1, actionKey: K2, type: WERO })).status,
    GOOD,
  );
  assert.deepEqual((await readKeys(unit)).keys, [K1]);
});

Deno.test("A134: after a save that failed the next change is saved, APTPL or not", async () => {
  const store = new TestStore();
  const unit = unitOf({ reservationStore: store });
  store.failure = new DeviceError("medium", "it may have been saved all the same");
  await reserveOut(unit, REGISTER, { actionKey: K1, aptpl });
  store.failure = undefined;
  store.saved = { registrations: [{ ...NEXUS, key: "fffffffffffffff1" }] };
  await register(unit, OTHER_NEXUS, K2);
  assert.deepEqual(store.saved, { registrations: [] });
});

Deno.test("A134: a failure that is not the store's is not hidden", async () => {
  const store = new TestStore();
  store.failure = new TypeError("a bug");
  const unit = unitOf({ reservationStore: store });
  await assert.rejects(reserveOut(unit, REGISTER, { actionKey: K1, aptpl }), TypeError);
  store.failure = undefined;
  assert.equal((await reserveOut(unit, REGISTER, { actionKey: K1, aptpl })).status, GOOD);
});

Deno.test("A134: commands that come while one is being saved wait, each for the one before", async () => {
  const store = new TestStore();
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const unit = unitOf({ reservationStore: store });
  // Each needs what the one before leaves.
  const results = Promise.all([
    reserveOut(unit, REGISTER, { actionKey: K1, aptpl }),
    reserveOut(unit, REGISTER, { key: K1, actionKey: 5n, aptpl }),
    reserveOut(unit, RESERVE, { key: 5n, type: WERO }),
    reserveOut(unit, REGISTER, { nexus: OTHER_NEXUS, actionKey: K2, aptpl }),
    reserveOut(unit, PREEMPT, { nexus: OTHER_NEXUS, key: K2, actionKey: 5n, type: EARO }),
    reserveOut(unit, RELEASE, { key: 5n, type: WERO }),
  ]);
  assert.equal(await isPending(results), true);
  assert.equal(store.saves, 1);
  gate.resolve();
  const statuses = (await results).map(({ status }) => status);
  assert.deepEqual(statuses, [GOOD, GOOD, GOOD, GOOD, GOOD, RESERVATION_CONFLICT]);
  assert.deepEqual(store.saved?.registrations.map(({ key }) => key), ["0000000000000002"]);
  assert.deepEqual(store.saved?.reservation, { type: EARO, holder: 0 });
});

Deno.test("A134: a command that is aborted while it waits does nothing", async () => {
  const store = new TestStore();
  const gate = Promise.withResolvers<void>();
  store.gate = gate.promise;
  const unit = unitOf({ reservationStore: store });
  const first = reserveOut(unit, REGISTER, { actionKey: K1, aptpl });
  const task = new Task();
  const second = reserveOut(unit, REGISTER, { nexus: OTHER_NEXUS, actionKey: K2 }, { task });
  task.aborted = true;
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual((await readKeys(unit)).keys, [K1]);
});

Deno.test("A134: what a store kept and cannot be is refused", () => {
  const registration = { ...NEXUS, key: "0000000000000001" };
  const bad = [
    { registrations: [{ ...registration, key: "1" }] },
    { registrations: [{ ...registration, key: "0000000000000000" }] },
    { registrations: [registration], reservation: { type: 4, holder: 0 } },
    { registrations: [registration], reservation: { type: 1 } },
    { registrations: [registration], reservation: { type: 1, holder: 1 } },
    { registrations: [registration], reservation: { type: 7, holder: 0 } },
    { registrations: [], reservation: { type: 7 } },
  ];
  for (const saved of bad) {
    const store = new TestStore();
    store.saved = saved;
    assert.throws(() => unitOf({ reservationStore: store }), RangeError);
  }
});
