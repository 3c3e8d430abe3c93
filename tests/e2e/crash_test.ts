/** What a service that is killed owes to those it served: kill -9 at any moment loses nothing. */
import assert from "node:assert/strict";
import type { TargetFacts } from "../../lib/config/facts.ts";
import { Status } from "../../lib/scsi/status.ts";
import { cdb, Op } from "../support/block_commands.ts";
import { note } from "../support/note.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import {
  CLEAR,
  fullStatusOf,
  keysOf,
  REGISTER_AND_IGNORE,
  type RegisteredKeys,
  reservationOf,
  RESERVE,
  type ReserveOut,
  reserveOutCdb,
  reserveOutList,
  TYPES,
  WEAR,
} from "../support/reservations.ts";
import { chooseSeed, SeededRandom } from "../support/seeded_random.ts";
import { type Service, withService } from "../support/service.ts";
import { INITIATORS, NAMES, readAll, settle, writeUntilKilled } from "../support/killed_service.ts";
import { StampLedger } from "../support/stamp_ledger.ts";
import { BLOCK_LENGTH } from "../support/stamped_block.ts";
import { logIn, type TcpInitiator } from "../support/tcp_initiator.ts";

const ROUNDS = 50;
const BLOCK_COUNT = 4096;

Deno.test({
  name: `crash: kill -9 during writes loses nothing acknowledged, ${ROUNDS} times over`,
  ...requires("dist/sanctl", "qemu-img"),
  fn: () =>
    withService({ targets: { t: [{ file: "d.vhd", size: "2M" }] } }, async (service) => {
      const seed = chooseSeed();
      note(`crash: SANCTL_TEST_SEED=${seed}`);
      const random = new SeededRandom(seed);
      const ledger = new StampLedger(BLOCK_COUNT);
      let acknowledged = 0, openBlocks = 0, octets = new Uint8Array(0);
      for (let round = 1; round <= ROUNDS; round++) {
        acknowledged += await writeUntilKilled({ service, ledger, random, round });
        openBlocks += ledger.openBlocks;
        await service.start();
        octets = await readAll(service, BLOCK_COUNT);
        settle(ledger, octets, `round ${round} of seed ${seed}`);
      }
      assert.ok(acknowledged > ROUNDS, `${acknowledged} writes were acknowledged`);
      assert.ok(openBlocks > ROUNDS, `${openBlocks} blocks were being written when it was killed`);
      await service.stop();
      await assertFileHolds(service, octets);
    }),
});

/** The VHD itself holds what initiators read, as another's program sees it. */
async function assertFileHolds(service: Service, octets: Uint8Array): Promise<void> {
  const vhd = service.sanctl.path("d.vhd");
  const raw = service.sanctl.path("read.raw");
  await Deno.writeFile(raw, octets);
  const info = JSON.parse(await peer("qemu-img", "info", "-f", "vpc", "--output=json", vhd));
  assert.equal(info["virtual-size"], octets.length);
  await peer("qemu-img", "compare", "-f", "vpc", "-F", "raw", vhd, raw);
}

const KEYS = [0x1111n, 0x2222n] as const;

Deno.test({
  name: "crash: persistent reservations with APTPL survive kill -9, and so does their end",
  ...requires("dist/sanctl"),
  fn: () =>
    withService({ targets: { t: [{ file: "d.vhd", size: "1M" }] } }, async (service) => {
      for (const type of TYPES) {
        await reserve(service, { type, aptpl: true });
        await crash(service);
        await assertReserved(service, type);
        await crash(service);
        assert.deepEqual(await registeredKeys(service), []);
      }
      await reserve(service, { type: TYPES[0], aptpl: false });
      await crash(service);
      assert.deepEqual(await registeredKeys(service), [], "without APTPL");
    }),
});

/** Both initiators register, and the first reserves. */
async function reserve(service: Service, options: ReserveOut): Promise<void> {
  for (const [index, InitiatorName] of INITIATORS.entries()) {
    const initiator = await logIn(service.serving.portal, { ...NAMES, InitiatorName });
    using _stream = initiator.stream;
    const key = KEYS[index]!;
    await reserveOut(initiator, REGISTER_AND_IGNORE, { ...options, type: 0, actionKey: key });
    if (index === 0) await reserveOut(initiator, RESERVE, { ...options, key });
  }
}

async function reserveOut(
  initiator: TcpInitiator,
  action: number,
  options: ReserveOut,
): Promise<void> {
  const data = reserveOutList(options);
  const command = { cdb: reserveOutCdb(action, options, data.length), write: true, data };
  const { status } = await initiator.run({ ...command, length: data.length });
  assert.equal(status, Status.GOOD, `the status of PERSISTENT RESERVE OUT ${action}`);
}

async function reserveIn(initiator: TcpInitiator, action: number): Promise<Uint8Array> {
  const length = 4096;
  const code = [0x5e, action, 0, 0, 0, 0, 0, length >>> 8, length & 0xff, 0];
  const { status, data } = await initiator.run({ cdb: code, read: true, length });
  assert.equal(status, Status.GOOD, `the status of PERSISTENT RESERVE IN ${action}`);
  return data;
}

async function crash(service: Service): Promise<void> {
  await service.kill();
  await service.start();
}

async function registeredKeys(service: Service): Promise<RegisteredKeys["keys"]> {
  const stranger = await logIn(service.serving.portal, STRANGER);
  using _stream = stranger.stream;
  return keysOf(await reserveIn(stranger, 0)).keys;
}

const STRANGER = { ...NAMES, InitiatorName: "iqn.2026-01.org.example:stranger" };

/** All is as it was, for those who look and for those who write; then the holder clears it. */
async function assertReserved(service: Service, type: number): Promise<void> {
  const { portal } = service.serving;
  const stranger = await logIn(portal, STRANGER);
  using _stranger = stranger.stream;
  assert.deepEqual([...keysOf(await reserveIn(stranger, 0)).keys].sort(), KEYS);
  // SPC-4: where all registrants hold it, no key is named.
  const isOfAll = type >= WEAR;
  const reservation = { key: isOfAll ? 0n : KEYS[0], scope: 0, type };
  assert.deepEqual(reservationOf(await reserveIn(stranger, 1)), reservation);
  const ports = fullStatusOf(await reserveIn(stranger, 3)).map(({ key, holder, port }) => ({
    key,
    holder,
    name: port.replace(/,i,.*/, ""),
  }));
  const expected = INITIATORS.map((name, at) => ({
    key: KEYS[at]!,
    holder: isOfAll || at === 0,
    name,
  }));
  assert.deepEqual(ports.sort((a, b) => Number(a.key - b.key)), expected);
  assert.equal(await statusOfWrite(stranger), Status.RESERVATION_CONFLICT);
  const holder = await logIn(portal, NAMES);
  using _holder = holder.stream;
  assert.equal(await statusOfWrite(holder), Status.GOOD);
  await reserveOut(holder, CLEAR, { key: KEYS[0], aptpl: true });
}

async function statusOfWrite(initiator: TcpInitiator): Promise<number> {
  const data = new Uint8Array(BLOCK_LENGTH);
  const command = { cdb: cdb(Op.WRITE_10, 0, 1), write: true, length: data.length, data };
  return (await initiator.run(command)).status;
}

const STATE_ROUNDS = 8;
const COMMANDS_AT_ONCE = 3;

Deno.test({
  name: "crash: a change of the declared state that a command said was made survives kill -9",
  ...requires("dist/sanctl"),
  fn: () =>
    withService({ targets: {} }, async (service) => {
      const { sanctl } = service;
      const asked = new Set<string>();
      const made = new Set<string>();
      for (let round = 0; round < STATE_ROUNDS; round++) {
        const killed = Promise.withResolvers<void>();
        const names = Array.from({ length: COMMANDS_AT_ONCE }, (_, at) => `t${round}-${at}`);
        const commands = names.map(async (name) => {
          asked.add(name);
          const { exitCode } = await sanctl.run(`target create ${name} --description ${name}`);
          if (exitCode === 0) made.add(name);
          // The first answer is the moment: the others are being made.
          killed.resolve(service.kill().then(() => undefined));
        });
        await Promise.all(commands);
        await killed.promise;
        await service.start();
        const targets = await sanctl.facts<TargetFacts[]>("target list");
        const found = new Map(targets.map(({ name, description }) => [name, description]));
        for (const name of made) assert.equal(found.get(name), name, `${name} is lost`);
        for (const name of found.keys()) assert.ok(asked.has(name), `${name} comes from nowhere`);
      }
      assert.ok(made.size >= STATE_ROUNDS, `${made.size} commands said that it was made`);
    }),
});
