/**
 * A target server and an initiator at a name server to which everything happens: as soon as it is
 * well again, it shows what there is, and the initiator knows it.
 */
import assert from "node:assert/strict";
import { attribute } from "../../lib/isns/attribute.ts";
import { FunctionId } from "../../lib/isns/function_id.ts";
import { InitiatorTask } from "../../lib/isns/initiator_task.ts";
import { Link } from "../../lib/isns/link.ts";
import { Status } from "../../lib/isns/status.ts";
import { TargetTask } from "../../lib/isns/target_task.ts";
import { parseIpAddress } from "../../lib/net/ip_address.ts";
import { Chance } from "../support/chance.ts";
import { fakeSurroundings, SERVER } from "../support/fake_isns_server.ts";
import { note } from "../support/note.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { turns } from "../support/turns.ts";
import { SimIsnsServer } from "./sim_isns_server.ts";

/** `SANCTL_TEST_SEED=n` repeats a run; `SANCTL_SIM_ISNS=n` makes it longer. */
const SEEDS = Number(Deno.env.get("SANCTL_SIM_ISNS") ?? 30);

const EVENTS = 30;
const OWN = { address: parseIpAddress("192.0.2.4")!, port: 3260, portalGroupTag: 1 };
const HOST = "iqn.2026-01.org.example:host";
const NAMES = ["a", "b", "c", "d"].map((name) => `iqn.2026-01.org.example:${name}`);
/** A pause between tries, and a refresh, are over by then. */
const SETTLE_SECONDS = 150;
const FAULTS = [
  ...[Status.SOURCE_UNAUTHORIZED, Status.INVALID_REGISTRATION, Status.NO_SUCH_ENTRY],
  ...[Status.SOURCE_UNKNOWN, Status.ESI_NOT_AVAILABLE, 11, 12, "silence"],
] as const;

class World {
  readonly chance: Chance;
  readonly around = fakeSurroundings();
  readonly server: SimIsnsServer;
  readonly target: TargetTask;
  readonly initiator: InitiatorTask;
  readonly links: readonly Link[];
  offered: readonly string[] = [NAMES[0]!];
  found: readonly string[] = [];
  readonly #callers: Promise<unknown>[] = [];

  constructor(seed: number) {
    this.chance = new Chance(seed);
    const { around } = this;
    this.server = new SimIsnsServer(around.clock, (port, node) => this.#tell(port, node));
    around.network.server = this.server;
    this.target = new TargetTask({
      ...around,
      identifier: "sanctl-target-x",
      offer: () => Promise.resolve({ nodes: this.offered.map(nodeOf), portals: [OWN] }),
    });
    this.initiator = new InitiatorTask({
      ...around,
      ...{ name: HOST, alias: "" },
      onTargets: ({ targets }) => void (this.found = targets.map(({ name }) => name).sort()),
      onTold: () => this.links[1]!.rouse(),
    });
    this.links = [this.target, this.initiator].map((task) =>
      new Link({ ...around, server: SERVER, task, onChange: () => undefined })
    );
    for (const link of this.links) link.start();
  }

  #tell(port: number, node: string): void {
    if (!this.around.network.openPorts.includes(port)) return;
    const message = {
      functionId: FunctionId.SCN,
      transactionId: 1,
      attributes: [attribute("iscsiName", node), attribute("iscsiScnBitmap", 8)],
    };
    this.#callers.push(this.around.network.call(port, message));
  }

  /** One thing happens. */
  happen(): void {
    const { chance, server, around } = this;
    switch (chance.below(9)) {
      case 0:
      case 1:
        this.offered = NAMES.filter(() => chance.in100(50));
        this.links[0]!.rouse();
        break;
      case 2:
        return server.restart({ forgets: chance.in100(60) });
      case 3:
        return server.hangUp();
      case 4:
        return server.forgetOne();
      case 5:
        server.fault = chance.one(FAULTS);
        break;
      case 6:
        server.fault = undefined;
        break;
      case 7:
        server.periodSeconds = chance.one([0, 1, 10, 300, 86_400]) || 300;
        break;
      default:
        // It is gone for a while, or back again.
        if (around.network.server === undefined) around.network.server = server;
        else {
          around.network.server = undefined;
          server.restart({ forgets: chance.in100(50) });
        }
    }
  }

  async pass(seconds: number): Promise<void> {
    for (let left = seconds * 2; left > 0; left--) {
      this.around.clock.advance(500);
      await turns(40);
      this.server.expire();
    }
  }

  get questions(): number {
    return this.server.seen.length + this.around.network.dials;
  }

  async end(): Promise<void> {
    const stopping = Promise.all(this.links.map((link) => link.stop()));
    await this.pass(5);
    await stopping;
    await Promise.all([this.target.close(), this.initiator.close(), ...this.#callers]);
  }
}

function nodeOf(name: string) {
  return { name, type: "target", alias: "" } as const;
}

async function run(seed: number): Promise<number> {
  const world = new World(seed);
  const { chance, server, around } = world;
  for (let event = 0; event < EVENTS; event++) {
    world.happen();
    const seconds = chance.one([0, 1, 5, 30, 100]);
    const before = world.questions;
    await world.pass(seconds);
    const asked = world.questions - before;
    assert.ok(asked <= 30 + 60 * seconds, `${asked} questions within ${seconds} s`);
  }
  server.fault = undefined;
  around.network.server = server;
  await world.pass(SETTLE_SECONDS);
  const wanted = [...world.offered].sort();
  assert.deepEqual(server.targets, wanted, "the server shows what there is");
  assert.deepEqual(world.found, wanted, "the initiator knows it");
  assert.deepEqual(world.links.map(({ failure }) => failure), [undefined, undefined]);
  assert.ok(world.initiator.isTold, "it hears of changes");
  // And what changes now is known within a few seconds.
  world.offered = NAMES.slice(0, 1 + chance.below(4));
  world.links[0]!.rouse();
  await world.pass(5);
  assert.deepEqual(world.found, world.offered, "it was told");
  await world.end();
  assert.equal(server.entityCount, 0, "nothing is left there");
  assert.deepEqual(around.network.openPorts, []);
  return world.questions;
}

Deno.test(`iSNS: ${SEEDS} servers to which everything happens show in the end what there is`, async () => {
  const firstSeed = chooseSeed();
  let questions = 0;
  for (let i = 0; i < SEEDS; i++) {
    const seed = (firstSeed + i) >>> 0;
    try {
      questions += await run(seed);
    } catch (error) {
      throw new Error(`with SANCTL_TEST_SEED=${seed}`, { cause: error });
    }
  }
  note(`iSNS: ${SEEDS} seeds of ${EVENTS} events, ${questions} questions`);
});
