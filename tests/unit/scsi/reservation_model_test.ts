import assert from "node:assert/strict";
import fc from "fast-check";
import { Access } from "../../../lib/scsi/command.ts";
import type { LogicalUnit } from "../../../lib/scsi/logical_unit.ts";
import type { Nexus } from "../../../lib/scsi/nexus.ts";
import { Status } from "../../../lib/scsi/status.ts";
import { emitTransportId } from "../../../lib/scsi/transport_id.ts";
import {
  attentions,
  CLEAR,
  PREEMPT,
  PREEMPT_AND_ABORT,
  readFullStatus,
  readKeys,
  readReservation,
  REGISTER,
  REGISTER_AND_IGNORE,
  registerAndMove,
  RELEASE,
  RESERVE,
  reserveOut,
  TEST_UNIT_READY,
  TestStore,
  TYPES,
} from "../../support/reservations.ts";
import { join, nexusOf, run, taskOf, unitOf } from "../../support/scsi.ts";

const { GOOD, CHECK_CONDITION, RESERVATION_CONFLICT } = Status;
const NEXUS_COUNT = 4;

interface Command {
  readonly action: number;
  readonly by: number;
  /** Instead of the right key of the nexus. */
  readonly wrongKey: bigint | undefined;
  readonly actionKey: bigint;
  readonly type: number;
  readonly aptpl: boolean;
  /** Where a reservation moves to, and whether the registration is given up. */
  readonly to: number;
  readonly unregister: boolean;
}
type Event =
  | Command
  | { readonly relogin: number }
  | { readonly powerLoss: true }
  | { readonly reset: true };

/** What the tables of SPC-4 say, told once more in the plainest way. */
class Model {
  keys = new Map<number, bigint>();
  type = 0;
  holder: number | undefined;
  generation = 0;
  aptpl = false;
  told: number[][] = [[], [], [], []];

  get shared(): boolean {
    return this.type >= 5;
  }

  get ofAll(): boolean {
    return this.type >= 7;
  }

  isHolder(nexus: number): boolean {
    return this.type !== 0 && (this.ofAll ? this.keys.has(nexus) : this.holder === nexus);
  }

  /** The status, or the additional sense code. */
  run({ action, by, wrongKey, actionKey, type, aptpl, to, unregister }: Command): number {
    const own = this.keys.get(by);
    const key = wrongKey ?? own ?? 0n;
    if (action === REGISTER && key !== (own ?? 0n)) return RESERVATION_CONFLICT;
    if (action === REGISTER || action === REGISTER_AND_IGNORE) {
      if (own === undefined && actionKey === 0n) return GOOD;
      this.generation++;
      this.aptpl = aptpl;
      if (actionKey === 0n) this.unregister(by);
      else this.keys.set(by, actionKey);
      return GOOD;
    }
    if (own === undefined || key !== own) return RESERVATION_CONFLICT;
    if (action === RESERVE) {
      if (this.type === 0) {
        this.type = type;
        this.holder = by;
        return GOOD;
      }
      return this.isHolder(by) && this.type === type ? GOOD : RESERVATION_CONFLICT;
    }
    if (action === RELEASE) {
      if (!this.isHolder(by)) return GOOD;
      if (type !== this.type) return 0x2604;
      if (this.shared) this.tell(0x2a04, by, (nexus) => this.keys.has(nexus));
      this.type = 0;
      return GOOD;
    }
    if (action === CLEAR) {
      this.tell(0x2a03, by, (nexus) => this.keys.has(nexus));
      this.keys.clear();
      this.type = 0;
      this.generation++;
      return GOOD;
    }
    if (action === PREEMPT || action === PREEMPT_AND_ABORT) {
      return this.preempt(by, actionKey, type);
    }
    if (this.type === 0 || this.ofAll || this.holder !== by) return RESERVATION_CONFLICT;
    if (actionKey === 0n || to === by) return 0x2600;
    this.keys.set(to, actionKey);
    this.holder = to;
    if (unregister) this.keys.delete(by);
    this.aptpl = aptpl;
    this.generation++;
    return GOOD;
  }

  preempt(by: number, victim: bigint, type: number): number {
    const ofHolder = this.holder !== undefined && this.keys.get(this.holder) === victim;
    const takes = this.type !== 0 && (this.ofAll ? victim === 0n : ofHolder);
    if (!takes && victim === 0n) return this.type === 0 ? RESERVATION_CONFLICT : 0x2600;
    const victims = [...this.keys].filter(([nexus, key]) =>
      takes ? nexus !== by && (victim === 0n || key === victim) : key === victim
    ).map(([nexus]) => nexus);
    if (!takes && victims.length === 0) return RESERVATION_CONFLICT;
    for (const nexus of victims) this.keys.delete(nexus);
    this.tell(0x2a05, by, (nexus) => victims.includes(nexus));
    if (takes) {
      if (type !== this.type) this.tell(0x2a04, by, (nexus) => this.keys.has(nexus));
      this.type = type;
      this.holder = by;
    }
    if (this.keys.size === 0) this.type = 0;
    this.generation++;
    return GOOD;
  }

  unregister(nexus: number): void {
    const ends = this.ofAll ? this.keys.size === 1 : this.isHolder(nexus);
    this.keys.delete(nexus);
    if (!ends || this.type === 0) return;
    if (this.shared) this.tell(0x2a04, nexus, (each) => this.keys.has(each));
    this.type = 0;
  }

  /** A condition that waits already is not established twice. */
  tell(code: number, by: number, whom: (nexus: number) => boolean): void {
    for (const [nexus, codes] of this.told.entries()) {
      if (nexus !== by && whom(nexus) && !codes.includes(code)) codes.push(code);
    }
  }

  losePower(): void {
    this.generation = 0;
    this.told = [[], [], [], []];
    if (this.aptpl && this.keys.size > 0) return;
    this.aptpl = false;
    this.keys.clear();
    this.type = 0;
  }

  mayRead(nexus: number): boolean {
    const readsShared = this.type === 0 || [1, 5, 7].includes(this.type);
    return readsShared || this.mayWrite(nexus);
  }

  mayWrite(nexus: number): boolean {
    if (this.type === 0 || this.isHolder(nexus)) return true;
    return this.shared && this.keys.has(nexus);
  }
}

/** The unit under test, with the sessions that are logged in to it now. */
class System {
  readonly store = new TestStore();
  readonly nexuses: Nexus[] = [];
  unit!: LogicalUnit;

  constructor() {
    this.start();
  }

  start(): void {
    this.unit = unitOf({ reservationStore: this.store });
    for (const nexus of [...this.unit.attentions.nexuses()]) this.unit.detach(nexus);
    for (let i = 0; i < NEXUS_COUNT; i++) this.logIn(i);
  }

  logIn(index: number): void {
    const nexus = nexusOf(index + 1);
    this.nexuses[index] = nexus;
    join(this.unit, nexus);
  }

  async run(command: Command, key: bigint): Promise<number> {
    const { action, by, actionKey, type, aptpl, to, unregister } = command;
    const nexus = this.nexuses[by]!;
    const outcome = action === 7
      ? await registerAndMove(this.unit, {
        nexus,
        key,
        actionKey,
        aptpl,
        unregister,
        to: emitTransportId(this.nexuses[to]!.initiatorPort),
      })
      : await reserveOut(this.unit, action, { nexus, key, actionKey, type, aptpl });
    return outcome.status === CHECK_CONDITION ? outcome.sense!.code : outcome.status;
  }
}

const KEY = fc.constantFrom(0n, 1n, 2n, 3n);
const NEXUS_INDEX = fc.nat(NEXUS_COUNT - 1);
const COMMAND: fc.Arbitrary<Command> = fc.record({
  action: fc.nat(7),
  by: NEXUS_INDEX,
  wrongKey: fc.option(KEY, { freq: 6, nil: undefined }),
  actionKey: KEY,
  type: fc.constantFrom(...TYPES),
  aptpl: fc.boolean(),
  to: NEXUS_INDEX,
  unregister: fc.boolean(),
});
const EVENT: fc.Arbitrary<Event> = fc.oneof(
  { weight: 40, arbitrary: COMMAND },
  { weight: 2, arbitrary: fc.record({ relogin: NEXUS_INDEX }) },
  { weight: 1, arbitrary: fc.constant({ powerLoss: true as const }) },
  { weight: 1, arbitrary: fc.constant({ reset: true as const }) },
);

/** Four registered nexuses and a reservation: where random commands have something to act on. */
const SETTING: fc.Arbitrary<Command[]> = fc.tuple(COMMAND, fc.constantFrom(...TYPES)).map(
  ([base, type]) => [
    ...[0, 1, 2, 3].map((by) => ({
      ...base,
      action: REGISTER_AND_IGNORE,
      by,
      actionKey: BigInt(1 + by % 3),
    })),
    { ...base, action: RESERVE, by: base.by, wrongKey: undefined, type },
  ],
);

async function happen(event: Event, model: Model, system: System): Promise<void> {
  if ("relogin" in event) {
    system.unit.detach(system.nexuses[event.relogin]!);
    system.logIn(event.relogin);
    model.told[event.relogin] = [];
  } else if ("powerLoss" in event) {
    system.start();
    model.losePower();
  } else if ("reset" in event) {
    system.unit.reservations.reset();
  } else {
    // What is to be told comes before any command, so it is heard first.
    attentions(system.unit, system.nexuses[event.by]!);
    model.told[event.by] = [];
    const key = event.wrongKey ?? model.keys.get(event.by) ?? 0n;
    assert.equal(await system.run(event, key), model.run(event), "how the command ends");
  }
}

async function compare(model: Model, { unit, nexuses }: System): Promise<void> {
  const asker = nexusOf(9);
  unit.attach(asker);
  unit.attentions.take(asker);
  // Through commands that every nexus may send, from one that takes no part.
  const registered = await asking(unit, asker);
  const expected = [...model.keys].map(([nexus, key]) => ({
    port: nexuses[nexus]!.initiatorPort,
    key,
    holder: model.isHolder(nexus),
  }));
  assert.deepEqual(registered.full.sort(byPort), expected.sort(byPort));
  assert.equal(registered.generation, model.generation);
  assert.equal(registered.reservation?.type ?? 0, model.type);
  const key = model.ofAll ? 0n : model.keys.get(model.holder!);
  if (model.type !== 0) assert.equal(registered.reservation?.key, key);
  for (const [index, nexus] of nexuses.entries()) {
    const task = taskOf(unit, TEST_UNIT_READY, { nexus });
    const { reservations } = unit;
    assert.equal(!reservations.conflicts(task, Access.READ), model.mayRead(index), "reading");
    assert.equal(!reservations.conflicts(task, Access.WRITE), model.mayWrite(index), "writing");
    assert.deepEqual(attentionsLeft(unit, nexus), model.told[index]);
  }
  unit.detach(asker);
}

async function asking(unit: LogicalUnit, nexus: Nexus) {
  const full = await readFullStatus(unit, nexus);
  return {
    full: full.map(({ port, key, holder }) => ({ port, key, holder })),
    generation: (await readKeys(unit, nexus)).generation,
    reservation: await readReservation(unit, nexus),
  };
}

function byPort(a: { port: string }, b: { port: string }): number {
  return a.port < b.port ? -1 : 1;
}

/** What waits for the nexus, and goes on waiting. */
function attentionsLeft(unit: LogicalUnit, nexus: Nexus): number[] {
  const conditions = [];
  for (;;) {
    const condition = unit.attentions.take(nexus);
    if (condition === undefined) break;
    conditions.push(condition);
  }
  for (const condition of conditions) unit.attentions.establish(nexus, condition);
  return conditions.map(({ code }) => code);
}

Deno.test("A98 A129 A130 A131 A132 A134: any sequence of commands from four nexuses does what the model does", async () => {
  await fc.assert(
    fc.asyncProperty(SETTING, fc.array(EVENT, { maxLength: 40 }), async (setting, events) => {
      const model = new Model();
      const system = new System();
      for (const event of [...setting, ...events]) {
        await happen(event, model, system);
        await compare(model, system);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("A132: what a nexus may do in the model is what its commands meet", async () => {
  const system = new System();
  const model = new Model();
  const base = { wrongKey: undefined, aptpl: false, to: 0, unregister: false };
  for (const type of TYPES) {
    for (const by of [0, 1]) {
      const register = { ...base, action: REGISTER_AND_IGNORE, by, actionKey: 1n, type };
      await happen(register, model, system);
    }
    await happen({ ...base, action: RESERVE, by: 0, actionKey: 0n, type }, model, system);
    for (const [index, nexus] of system.nexuses.entries()) {
      const read = await run(system.unit, "28 00 00 00 00 00 00 00 01 00", { nexus });
      assert.equal(read.status === GOOD, model.mayRead(index));
      const cdb = "2a 00 00 00 00 00 00 00 01 00";
      const written = await run(system.unit, cdb, { nexus, dataOut: new Uint8Array(512) });
      assert.equal(written.status === GOOD, model.mayWrite(index));
    }
    await happen({ ...base, action: CLEAR, by: 0, actionKey: 0n, type }, model, system);
    for (const nexus of system.nexuses) attentions(system.unit, nexus);
  }
});
