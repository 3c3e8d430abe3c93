import assert from "node:assert/strict";
import type { LogicalUnit } from "../../../lib/scsi/logical_unit.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { emitTransportId } from "../../../lib/scsi/transport_id.ts";
import {
  attentions,
  CLEAR,
  EA,
  EAAR,
  EARO,
  PREEMPT,
  PREEMPT_AND_ABORT,
  readFullStatus,
  readKeys,
  readReservation,
  REGISTER,
  register,
  registerAndMove,
  RELEASE,
  RESERVE,
  reserveOut,
  TYPES,
  WE,
  WEAR,
  WERO,
} from "../../support/reservations.ts";
import { join, nexusOf, unitOf } from "../../support/scsi.ts";

const { GOOD, RESERVATION_CONFLICT, CHECK_CONDITION } = Status;

const RESERVATIONS_PREEMPTED = 0x2a03;
const RESERVATIONS_RELEASED = 0x2a04;
const REGISTRATIONS_PREEMPTED = 0x2a05;
const SHARED: readonly number[] = [WERO, EARO, WEAR, EAAR];
const EXCLUSIVE: readonly number[] = [WE, EA];

/** Nexuses 1 to 3 are registered with keys 1 to 3, nexus 4 is not; 1 holds what is reserved. */
const [A, B, C, D] = [1, 2, 3, 4].map((each) => nexusOf(each)) as [
  ReturnType<typeof nexusOf>,
  ReturnType<typeof nexusOf>,
  ReturnType<typeof nexusOf>,
  ReturnType<typeof nexusOf>,
];

async function clusterOf(type?: number): Promise<LogicalUnit> {
  const unit = unitOf();
  for (const nexus of [C, D]) join(unit, nexus);
  // What `unitOf` attached are other objects of the same nexuses.
  for (const nexus of [...unit.attentions.nexuses()]) unit.detach(nexus);
  for (const nexus of [A, B, C, D]) join(unit, nexus);
  for (const [index, nexus] of [A, B, C].entries()) await register(unit, nexus, BigInt(index + 1));
  if (type !== undefined) await reserveOut(unit, RESERVE, { nexus: A, key: 1n, type });
  assert.deepEqual(told(unit), [[], [], [], []], "nothing so far is anybody's concern");
  return unit;
}

/** What nexuses A to D are told, which is thereby taken. */
function told(unit: LogicalUnit): number[][] {
  return [A, B, C, D].map((nexus) => attentions(unit, nexus));
}

async function good(...args: Parameters<typeof reserveOut>): Promise<void> {
  assert.equal((await reserveOut(...args)).status, GOOD);
}

Deno.test("A98 A99: RELEASE of a shared reservation is told to the other registered nexuses", async () => {
  for (const type of SHARED) {
    const unit = await clusterOf(type);
    await good(unit, RELEASE, { nexus: A, key: 1n, type });
    assert.deepEqual(told(unit), [[], [RESERVATIONS_RELEASED], [RESERVATIONS_RELEASED], []]);
  }
});

Deno.test("A98 A99: RELEASE of a reservation that only its holder has is told to nobody", async () => {
  for (const type of EXCLUSIVE) {
    const unit = await clusterOf(type);
    await good(unit, RELEASE, { nexus: A, key: 1n, type });
    assert.deepEqual(told(unit), [[], [], [], []]);
  }
});

Deno.test("A98 A99: a holder that unregisters gives up its reservation, and does not hear of it", async () => {
  for (const type of [WE, EA, WERO, EARO]) {
    const unit = await clusterOf(type);
    await good(unit, REGISTER, { nexus: A, key: 1n });
    assert.equal(await readReservation(unit), undefined);
    const others = SHARED.includes(type) ? [RESERVATIONS_RELEASED] : [];
    assert.deepEqual(told(unit), [[], others, others, []], `type ${type}`);
  }
});

Deno.test("A130: a reservation of all registrants lasts until the last of them unregisters", async () => {
  for (const type of [WEAR, EAAR]) {
    const unit = await clusterOf(type);
    for (const [index, nexus] of [A, B].entries()) {
      await good(unit, REGISTER, { nexus, key: BigInt(index + 1) });
      assert.deepEqual(await readReservation(unit), { key: 0n, scope: 0, type });
    }
    await good(unit, RESERVE, { nexus: C, key: 3n, type });
    await good(unit, REGISTER, { nexus: C, key: 3n });
    assert.equal(await readReservation(unit), undefined);
    assert.deepEqual(told(unit), [[], [], [], []]);
  }
});

Deno.test("A130: a reservation lasts while its holder's session is gone", async () => {
  for (const type of TYPES) {
    const unit = await clusterOf(type);
    unit.detach(A);
    assert.equal((await readReservation(unit))?.type, type);
    assert.equal((await readKeys(unit)).keys.length, 3);
    assert.deepEqual(attentions(unit, B), []);
  }
});

Deno.test("A98 A99: CLEAR is told to the other registered nexuses", async () => {
  for (const type of [undefined, ...TYPES]) {
    const unit = await clusterOf(type);
    await good(unit, CLEAR, { nexus: B, key: 2n });
    assert.deepEqual(await readKeys(unit), { generation: 4, keys: [] });
    assert.equal(await readReservation(unit), undefined);
    assert.deepEqual(told(unit), [[RESERVATIONS_PREEMPTED], [], [RESERVATIONS_PREEMPTED], []]);
  }
});

for (const action of [PREEMPT, PREEMPT_AND_ABORT]) {
  const name = action === PREEMPT ? "PREEMPT" : "PREEMPT AND ABORT";

  Deno.test(`A98 A99: ${name} of a registration leaves the reservation and is told to its nexus`, async () => {
    for (const type of [undefined, ...TYPES]) {
      const unit = await clusterOf(type);
      // The types of reservations that are not replaced do not matter.
      await good(unit, action, { nexus: B, key: 2n, actionKey: 3n, type: 0 });
      assert.deepEqual(await readKeys(unit), { generation: 4, keys: [1n, 2n] });
      assert.equal((await readReservation(unit))?.type, type);
      assert.deepEqual(told(unit), [[], [], [REGISTRATIONS_PREEMPTED], []]);
    }
  });

  Deno.test(`A98 A99: ${name} takes the reservation from its holder`, async () => {
    for (const type of [WE, EA, WERO, EARO]) {
      for (const next of TYPES) {
        const unit = await clusterOf(type);
        await good(unit, action, { nexus: B, key: 2n, actionKey: 1n, type: next });
        assert.deepEqual(await readKeys(unit), { generation: 4, keys: [2n, 3n] });
        const key = next === WEAR || next === EAAR ? 0n : 2n;
        assert.deepEqual(await readReservation(unit), { key, scope: 0, type: next });
        const rest = next === type ? [] : [RESERVATIONS_RELEASED];
        assert.deepEqual(told(unit), [[REGISTRATIONS_PREEMPTED], [], rest, []]);
      }
    }
  });

  Deno.test(`A98 A99: ${name} with key zero takes the reservation from all registrants`, async () => {
    for (const type of [WEAR, EAAR]) {
      const unit = await clusterOf(type);
      await good(unit, action, { nexus: B, key: 2n, actionKey: 0n, type: WE });
      assert.deepEqual(await readKeys(unit), { generation: 4, keys: [2n] });
      assert.deepEqual(await readReservation(unit), { key: 2n, scope: 0, type: WE });
      const gone = [REGISTRATIONS_PREEMPTED];
      assert.deepEqual(told(unit), [gone, [], gone, []]);
    }
  });
}

Deno.test("PREEMPT: every registration with the key goes", async () => {
  const unit = await clusterOf();
  await register(unit, A, 3n);
  await good(unit, PREEMPT, { nexus: B, key: 2n, actionKey: 3n });
  assert.deepEqual((await readKeys(unit)).keys, [2n]);
  assert.deepEqual(told(unit), [[REGISTRATIONS_PREEMPTED], [], [REGISTRATIONS_PREEMPTED], []]);
});

Deno.test("PREEMPT: the holder may change its reservation's type, and others with its key go", async () => {
  const unit = await clusterOf(WE);
  await register(unit, B, 1n);
  await good(unit, PREEMPT, { nexus: A, key: 1n, actionKey: 1n, type: EARO });
  assert.deepEqual((await readKeys(unit)).keys, [1n, 3n]);
  assert.deepEqual(await readReservation(unit), { key: 1n, scope: 0, type: EARO });
  assert.deepEqual(told(unit), [[], [REGISTRATIONS_PREEMPTED], [RESERVATIONS_RELEASED], []]);
});

Deno.test("PREEMPT: who preempts its own key where nothing is reserved is no longer registered", async () => {
  const unit = await clusterOf();
  await good(unit, PREEMPT, { nexus: A, key: 1n, actionKey: 1n });
  assert.deepEqual((await readKeys(unit)).keys, [2n, 3n]);
  assert.deepEqual(told(unit), [[], [], [], []]);
});

Deno.test("PREEMPT: the last registrant takes a reservation of all registrants with it", async () => {
  const unit = await clusterOf(WEAR);
  for (const [index, nexus] of [A, B].entries()) {
    await good(unit, REGISTER, { nexus, key: BigInt(index + 1) });
  }
  await good(unit, PREEMPT, { nexus: C, key: 3n, actionKey: 3n });
  assert.equal(await readReservation(unit), undefined);
});

Deno.test("PREEMPT: keys that nobody has", async () => {
  const sark = async (unit: LogicalUnit, actionKey: bigint) => {
    const { status, sense } = await reserveOut(unit, PREEMPT, {
      nexus: B,
      key: 2n,
      actionKey,
      type: WE,
    });
    return [status, sense?.code];
  };
  assert.deepEqual(await sark(await clusterOf(), 9n), [RESERVATION_CONFLICT, undefined]);
  assert.deepEqual(await sark(await clusterOf(), 0n), [RESERVATION_CONFLICT, undefined]);
  assert.deepEqual(await sark(await clusterOf(WE), 9n), [RESERVATION_CONFLICT, undefined]);
  assert.deepEqual(await sark(await clusterOf(WE), 0n), [CHECK_CONDITION, 0x2600]);
  assert.deepEqual(await sark(await clusterOf(WEAR), 9n), [RESERVATION_CONFLICT, undefined]);
});

Deno.test("PREEMPT: a reservation cannot be taken with a type or scope that does not exist", async () => {
  const unit = await clusterOf(WE);
  const options = { nexus: B, key: 2n, actionKey: 1n };
  assert.equal((await reserveOut(unit, PREEMPT, { ...options, type: 4 })).sense?.code, 0x2400);
  const scoped = await reserveOut(unit, PREEMPT, { ...options, type: WE, scope: 1 });
  assert.equal(scoped.sense?.code, 0x2400);
  assert.equal((await readReservation(unit))?.key, 1n);
});

Deno.test("A98: a newer session of the nexus that caused an event is not told either", async () => {
  const unit = await clusterOf(WERO);
  const again = { ...A };
  join(unit, again);
  await good(unit, RELEASE, { nexus: A, key: 1n, type: WERO });
  assert.deepEqual(attentions(unit, again), []);
  assert.deepEqual(attentions(unit, B), [RESERVATIONS_RELEASED]);
});

Deno.test("REGISTER AND MOVE: the reservation goes to a nexus that is thereby registered", async () => {
  const unit = await clusterOf(WE);
  const to = emitTransportId(D.initiatorPort);
  const { status } = await registerAndMove(unit, { nexus: A, key: 1n, actionKey: 4n, to });
  assert.equal(status, GOOD);
  assert.deepEqual(await readKeys(unit), { generation: 4, keys: [1n, 2n, 3n, 4n] });
  assert.deepEqual(await readReservation(unit), { key: 4n, scope: 0, type: WE });
  await good(unit, RELEASE, { nexus: D, key: 4n, type: WE });
  assert.equal(await readReservation(unit), undefined);
  assert.deepEqual(told(unit), [[], [], [], []]);
});

Deno.test("REGISTER AND MOVE: UNREG, and a destination that is registered already", async () => {
  const unit = await clusterOf(EARO);
  const to = emitTransportId(B.initiatorPort);
  const move = { nexus: A, key: 1n, actionKey: 9n, to, unregister: true };
  assert.equal((await registerAndMove(unit, move)).status, GOOD);
  assert.deepEqual((await readKeys(unit)).keys, [9n, 3n]);
  assert.deepEqual(await readReservation(unit), { key: 9n, scope: 0, type: EARO });
  // It was not released, so nobody is told that it was.
  assert.deepEqual(told(unit), [[], [], [], []]);
});

Deno.test("REGISTER AND MOVE: to another target port that the unit is reached by", async () => {
  const unit = await clusterOf(WE);
  const there = nexusOf(4, 2);
  const move = { nexus: A, key: 1n, actionKey: 4n, relativeTargetPort: 2 };
  const to = emitTransportId(D.initiatorPort);
  const { sense } = await registerAndMove(unit, { ...move, to });
  assert.deepEqual([sense?.code, sense?.field?.octet], [0x2600, 18], "no such port is known");
  join(unit, there);
  assert.equal((await registerAndMove(unit, { ...move, to })).status, GOOD);
  const holder = (await readFullStatus(unit)).find((each) => each.holder);
  assert.deepEqual([holder?.port, holder?.relativeTargetPort], [D.initiatorPort, 2]);
});

Deno.test("REGISTER AND MOVE: only the holder of what one nexus holds can", async () => {
  const to = emitTransportId(D.initiatorPort);
  const move = { nexus: A, key: 1n, actionKey: 4n, to };
  const cases: [number | undefined, object][] = [
    [undefined, {}],
    [WEAR, {}],
    [EAAR, {}],
    [WE, { nexus: B, key: 2n }],
    [WE, { nexus: D, key: 0n }],
    [WE, { key: 2n }],
  ];
  for (const [type, change] of cases) {
    const unit = await clusterOf(type);
    const { status } = await registerAndMove(unit, { ...move, ...change });
    assert.equal(status, RESERVATION_CONFLICT);
    assert.equal((await readKeys(unit)).generation, 3);
  }
});

Deno.test("REGISTER AND MOVE: what is wrong with the list is pointed at", async () => {
  const unit = await clusterOf(WE);
  const to = emitTransportId(D.initiatorPort);
  const move = { nexus: A, key: 1n, actionKey: 4n, to };
  const deviceName = Uint8Array.from([5, 0, 0, 20, ...new TextEncoder().encode("iqn.2026-01.a:b")]);
  const whole = new Uint8Array(24);
  whole.set(deviceName);
  const cases: [object, number, number | undefined][] = [
    [{ actionKey: 0n }, 0x2600, 8],
    [{ to: emitTransportId(A.initiatorPort) }, 0x2600, 24],
    [{ to: new Uint8Array(24) }, 0x2600, 24],
    [{ to: whole }, 0x2600, 24],
    [{ to: Uint8Array.from([...to, 0, 0, 0, 0]) }, 0x2600, 24],
    [{ aptpl: true }, 0x2600, 17],
  ];
  for (const [change, code, octet] of cases) {
    const { sense } = await registerAndMove(unit, { ...move, ...change });
    assert.deepEqual([sense?.code, sense?.field?.octet], [code, octet]);
  }
  assert.equal((await readReservation(unit))?.key, 1n);
});
