/**
 * One seed: a device over a few links to a target of ours, a load, and everything that can happen
 * to the links. Both sides are what is in production, down to the octets; only the network, the
 * disk and the time are not.
 */
import { KeptSession } from "../../../lib/initiator/kept_session.ts";
import { DEFAULT_LIMITS } from "../../../lib/initiator/limits.ts";
import { InitiatorNode } from "../../../lib/initiator/node.ts";
import { MultipathUnit } from "../../../lib/initiator/multipath/multipath_unit.ts";
import { POLICIES, type PolicyName } from "../../../lib/initiator/multipath/policies.ts";
import { logInAs } from "../../../lib/initiator/multipath/log_in_as.ts";
import { DEFAULT_SETTINGS } from "../../../lib/initiator/multipath/settings.ts";
import { RemoteDisk } from "../../../lib/initiator/remote_disk.ts";
import { Succession } from "../../../lib/initiator/multipath/succession.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { Chance } from "../../support/chance.ts";
import { INITIATOR_NAME, TARGET_NAME } from "../../support/test_target.ts";
import { BlockLedger } from "./block_ledger.ts";
import { SimLink } from "./sim_link.ts";
import { BLOCK_LENGTH, SimTarget } from "./sim_target.ts";
import { VirtualClock } from "./virtual_clock.ts";

export interface MultipathReport {
  readonly wrongs: readonly string[];
  readonly story: string;
  readonly counts: { commands: number; cuts: number; ghosts: number; events: number };
}

export interface MultipathOptions {
  /** False: a session that was lost counts as over at once, as it does where nobody thinks. */
  readonly guardsAgainstGhosts: boolean;
}

const BLOCKS = 64;
const POLICY_NAMES = Object.keys(POLICIES) as PolicyName[];
/** How late what a dead link held back may come. */
const LATE_MS = 60_000;
const MOST_MS = 3_600_000;
/** From then on all is well: whatever waits must come to its end. */
const TROUBLE_MS = 600_000;

export async function simulateMultipath(
  seed: number,
  options: MultipathOptions,
): Promise<MultipathReport> {
  const simulation = new Simulation(seed, options);
  await simulation.run();
  return simulation;
}

class Simulation implements MultipathReport {
  readonly wrongs: string[] = [];
  readonly counts = { commands: 0, cuts: 0, ghosts: 0, events: 0 };
  readonly #clock = new VirtualClock();
  readonly #chance: Chance;
  readonly #ledger = new BlockLedger(BLOCKS);
  readonly #target: SimTarget;
  readonly #links: readonly SimLink[];
  readonly #kept: readonly KeptSession[];
  readonly #unit: MultipathUnit;
  readonly #story: string[] = [];
  #commandsLeft: number;
  #isDone = false;

  constructor(seed: number, { guardsAgainstGhosts }: MultipathOptions) {
    const chance = this.#chance = new Chance(seed);
    const clock = this.#clock;
    this.#commandsLeft = chance.between(100, 400);
    this.#target = new SimTarget({ clock, chance, blockCount: BLOCKS });
    const isOneGroup = guardsAgainstGhosts && chance.in100(60);
    this.#links = Array.from({ length: chance.between(1, 3) }, (_, i) =>
      new SimLink({
        ...{ clock, chance, lateMs: LATE_MS, host: `192.0.2.${i + 1}` },
        answer: (stream, host) => this.#target.answer(stream, host, isOneGroup ? 1 : i + 1),
      }));
    const node = this.#makeNode(chance.one([1000, 5000]));
    this.#kept = this.#links.map(({ options: { host } }) =>
      new KeptSession(node, {
        portal: { host, port: 3260 },
        targetName: TARGET_NAME,
        patienceMs: Infinity,
      })
    );
    const settings = {
      ...DEFAULT_SETTINGS,
      settleMs: 1000,
      mostSettleMs: 20_000,
      quarantineMs: 5000,
      failBack: chance.in100(50),
      noPathMs: 1_800_000,
      nexusLossMs: guardsAgainstGhosts ? LATE_MS + 10_000 : 0,
    };
    this.#unit = new MultipathUnit({
      ...{ settings, clock, logger: silentLogger, name: "sim", identity: this.#target.identity },
      policy: chance.one(POLICY_NAMES),
      events: {
        note: (kind, data) => {
          this.counts.events++;
          this.#tell(`event ${kind} ${JSON.stringify(data)}`);
        },
      },
    });
    const successions = this.#kept.map((kept) =>
      new Succession({
        ...{ kept, clock, nexusLossMs: settings.nexusLossMs },
        logInAs: (isid) => logInAs(kept, isid),
      })
    );
    for (const [i, succession] of successions.entries()) {
      for (const each of successions) {
        if (each !== succession && guardsAgainstGhosts) succession.siblings.add(each);
      }
      this.#unit.add({
        name: `path ${i + 1}`,
        way: this.#kept[i]!.unit(0, {
          replays: false,
          patienceMs: Infinity,
          identity: this.#target.identity,
        }),
        succession,
        weight: chance.below(3),
        isInSubset: chance.in100(60),
      });
    }
  }

  #makeNode(probeTimeMs: number): InitiatorNode {
    const clock = this.#clock;
    return new InitiatorNode({
      name: INITIATOR_NAME,
      limits: {
        ...DEFAULT_LIMITS,
        probeTimeMs,
        connectTimeoutMs: probeTimeMs,
        loginTimeoutMs: probeTimeMs,
      },
      ...{ clock, random: this.#chance, logger: silentLogger },
      dial: async ({ host, port }, { timeoutMs }) => {
        const link = this.#links.find(({ options }) => options.host === host)!;
        const stream = await link.connect(timeoutMs);
        return {
          ...{ stream, localAddress: "192.0.2.101", localPort: 40_000 },
          ...{ remoteAddress: host, remotePort: port },
        };
      },
    });
  }

  get story(): string {
    return this.#story.slice(-60).join("\n");
  }

  async run(): Promise<void> {
    const workers = this.#chance.between(1, 12);
    let living = workers;
    for (const kept of this.#kept) kept.start().catch(() => undefined);
    const disk = RemoteDisk.open(this.#unit);
    for (let i = 0; i < workers; i++) {
      disk.then((opened) => this.#work(opened, i))
        .catch((error) => this.#wrong(`worker ${i}: ${error}`))
        .finally(() => living--);
    }
    for (const link of this.#links) this.#suffer(link);
    this.#meddle();
    const isOver = await this.#clock.run(() => living === 0 || this.wrongs.length > 0, MOST_MS);
    this.#isDone = true;
    if (!isOver) this.#wrong(`${living} workers are not answered`);
    if (this.wrongs.length === 0) await this.#end();
    for (const { ghosts } of this.#links) this.counts.ghosts += ghosts;
  }

  /** All is mended: every path comes back, and nothing that comes late has done harm. */
  async #end(): Promise<void> {
    for (const link of this.#links) link.mend();
    this.#restart();
    const areBack = (): boolean =>
      this.#unit.paths.every(({ state }) => state === "active" || state === "standby");
    if (!await this.#clock.run(areBack, 120_000)) {
      const states = this.#unit.paths.map(({ name, state, reason }) =>
        `${name} ${state} ${reason}`
      );
      this.#wrong(`paths do not come back: ${states.join(", ")}`);
    }
    await this.#clock.run(() => false, LATE_MS * 2);
    const octets = new Uint8Array(BLOCKS * BLOCK_LENGTH);
    this.#target.disk.readNow(0, octets, 0, octets.length);
    this.#check(octets, 0, this.#ledger.floor(0, BLOCKS));
    const { foreignWrites } = this.#target;
    if (foreignWrites > 0) this.#wrong(`${foreignWrites} writes to a foreign disk`);
    await this.#close();
  }

  async #close(): Promise<void> {
    let isClosed = false;
    this.#unit.close();
    Promise.all(this.#kept.map((kept) => kept.close())).then(() => isClosed = true);
    if (!await this.#clock.run(() => isClosed, 60_000)) this.#wrong("sessions do not close");
    let hasEnded = false;
    this.#target.close().then(() => hasEnded = true);
    if (!await this.#clock.run(() => hasEnded, 60_000)) this.#wrong("the target does not end");
  }

  async #work(disk: RemoteDisk, number: number): Promise<void> {
    while (this.#commandsLeft-- > 0) {
      const at = this.#chance.below(100);
      if (at < 60) await this.#write(disk);
      else if (at < 92) await this.#read(disk);
      else if (at < 95) await this.#unmap(disk);
      else await disk.flush();
      this.counts.commands++;
      if (this.#chance.in100(5)) await this.#clock.pause(this.#chance.below(2000));
      if (this.#isDone || this.wrongs.length > 0) return this.#tell(`worker ${number} ends`);
    }
  }

  async #write(disk: RemoteDisk): Promise<void> {
    const { lba, blockCount } = this.#range();
    const stamp = this.#ledger.issue(lba, blockCount);
    const octets = new Uint8Array(blockCount * BLOCK_LENGTH);
    const view = new DataView(octets.buffer);
    for (let at = 0; at < octets.length; at += 4) view.setInt32(at, stamp);
    await disk.write(lba * BLOCK_LENGTH, octets, 0, octets.length);
    this.#ledger.answer(stamp, lba, blockCount);
  }

  async #unmap(disk: RemoteDisk): Promise<void> {
    const { lba, blockCount } = this.#range();
    const stamp = this.#ledger.issue(lba, blockCount, true);
    await disk.unmap(lba * BLOCK_LENGTH, blockCount * BLOCK_LENGTH);
    this.#ledger.answer(stamp, lba, blockCount);
  }

  async #read(disk: RemoteDisk): Promise<void> {
    const { lba, blockCount } = this.#range();
    const octets = new Uint8Array(blockCount * BLOCK_LENGTH);
    const floor = this.#ledger.floor(lba, blockCount);
    await disk.read(lba * BLOCK_LENGTH, octets, 0, octets.length);
    this.#check(octets, lba, floor);
  }

  #range(): { lba: number; blockCount: number } {
    const blockCount = this.#chance.between(1, this.#chance.one([4, 24]));
    return { lba: this.#chance.below(BLOCKS - blockCount + 1), blockCount };
  }

  #check(octets: Uint8Array, lba: number, floor: Int32Array): void {
    const wrong = this.#ledger.wrongIn(octets, lba, floor);
    if (wrong !== undefined) this.#wrong(wrong);
  }

  /** A link is there for some time, and then is not for some time. */
  async #suffer(link: SimLink): Promise<void> {
    const upMs = this.#chance.one([500, 4000, 20_000]);
    const downMs = Math.min(upMs * 2, this.#chance.one([100, 3000, 20_000]));
    while (this.#clock.nowMs() < TROUBLE_MS) {
      await this.#clock.pause(this.#chance.below(upMs * 2));
      if (this.#isDone) return;
      this.counts.cuts++;
      this.#tell(`${link.options.host} is cut`);
      link.cut(this.#chance.in100(70));
      await this.#clock.pause(this.#chance.below(downMs * 2));
      this.#tell(`${link.options.host} is mended`);
      link.mend();
    }
  }

  /** Whatever else may happen, until the work is done. */
  async #meddle(): Promise<void> {
    const pauseMs = this.#chance.one([2000, 10_000]);
    while (this.#clock.nowMs() < TROUBLE_MS) {
      await this.#clock.pause(this.#chance.below(pauseMs));
      if (this.#isDone) return;
      const at = this.#chance.below(100);
      if (at < 35) this.#unit.policy = this.#chance.one(POLICY_NAMES);
      else if (at < 55) this.#resetUnit();
      else if (at < 75) this.#restart();
      else if (at < 85) await this.#offerForeign();
    }
  }

  #resetUnit(): void {
    this.#tell("the unit is reset");
    const way = this.#kept[0]!.unit(0);
    way.reset().catch(() => undefined);
  }

  async #restart(offered: 0 | 1 = 0): Promise<void> {
    this.#tell(`the target restarts with disk ${offered}`);
    for (const link of this.#links) link.reset();
    await this.#target.restart(offered);
  }

  async #offerForeign(): Promise<void> {
    this.#restart(1);
    await this.#clock.pause(this.#chance.below(10_000));
    this.#restart(0);
  }

  #tell(what: string): void {
    this.#story.push(`${Math.round(this.#clock.nowMs())} ms: ${what}`);
  }

  #wrong(what: string): void {
    this.#tell(`WRONG: ${what}`);
    this.wrongs.push(what);
  }
}
