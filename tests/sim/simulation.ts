/** One seed: a target, a few initiators, a disk, and everything that can happen between them. */
import { TestTarget } from "../support/test_target.ts";
import { tasteOf } from "./commands.ts";
import { SimDisk } from "./sim_disk.ts";
import { SimHost } from "./sim_host.ts";
import { World } from "./world.ts";

export interface SimulationReport {
  readonly steps: number;
  readonly counts: { readonly good: number; readonly failed: number; readonly gone: number };
  /** What must not be, in the order in which it was found; empty when all is well. */
  readonly wrongs: readonly string[];
  readonly story: string;
}

/** More things than any seed has. */
const MOST_STEPS = 200_000;

export async function simulate(seed: number): Promise<SimulationReport> {
  const world = new World(seed);
  const { chance } = world;
  const wrongs: string[] = [];
  const wrong = (what: string): void => {
    world.tell(`WRONG: ${what}`);
    wrongs.push(what);
  };
  const disk = new SimDisk(world, 1 << 20, {
    atOncePercent: chance.one([0, 50, 95, 100]),
    faultsInThousand: chance.one([0, 0, 5, 30]),
  });
  const target = new TestTarget({
    device: disk,
    random: chance,
    limits: { commandsOfSession: chance.one([1, 4, 16, 128]) },
  });
  const taste = tasteOf(chance);
  const troublePercent = chance.one([0, 30, 60, 90]);
  const hosts = Array.from({ length: chance.between(1, 4) }, (_, number) =>
    new SimHost({
      ...{ world, target, disk, taste, number, troublePercent, wrong },
      commands: chance.between(5, 35),
      onOthersKilled: (session) => {
        for (const host of hosts) if (host.session !== session) host.session?.othersKilled();
      },
    }));
  let living = hosts.length;
  for (const host of hosts) {
    host.live().catch((error) => wrong(`${host.name}: ${error}`)).finally(() => living--);
  }
  letTimePass(world, target, () => living === 0);
  await runToTheEnd(world, hosts, () => living === 0 || wrongs.length > 0, wrong);
  if (wrongs.length === 0) await checkTheEnd(world, { target, disk, hosts }, wrong);
  for (const what of disk.wrongs) wrong(what);
  for (const host of hosts) {
    for (const stream of host.streams) for (const what of stream.wrongs) wrong(what);
  }
  for (const { level, message, facts } of target.log) {
    if (level === "error" || message === "protocol error") {
      wrong(`logged: ${message} ${JSON.stringify(facts)}`);
    }
  }
  const counts = { good: 0, failed: 0, gone: 0 };
  for (const host of hosts) {
    counts.good += host.counts.good;
    counts.failed += host.counts.failed;
    counts.gone += host.counts.gone;
  }
  return { steps: world.step, counts, wrongs, story: world.story };
}

/** A second now and then. */
async function letTimePass(world: World, target: TestTarget, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await world.after(world.chance.between(200, 600));
    target.clock.advance(1000);
    target.server.tickNow();
  }
}

/**
 * Tasks that another initiator's function ended without a word are found where nothing else moves.
 */
async function runToTheEnd(
  world: World,
  hosts: readonly SimHost[],
  isOver: () => boolean,
  wrong: (what: string) => void,
): Promise<void> {
  let steps = 0;
  while (!isOver()) {
    steps += 5000;
    const before = progressOf(hosts);
    if (await world.run(isOver, 5000)) return;
    if (steps > MOST_STEPS) return wrong(`it is not over after ${world.step} steps`);
    if (progressOf(hosts) !== before) continue;
    for (const { session } of hosts) {
      for (const task of session?.buryKilled() ?? []) wrong(`${task.name} never ends`);
    }
  }
}

function progressOf(hosts: readonly SimHost[]): number {
  return hosts.reduce((sum, { counts }) => sum + counts.good + counts.failed + counts.gone, 0);
}

async function checkTheEnd(
  world: World,
  { target, disk, hosts }: {
    readonly target: TestTarget;
    readonly disk: SimDisk;
    readonly hosts: readonly SimHost[];
  },
  wrong: (what: string) => void,
): Promise<void> {
  const { server, node, unit } = target;
  const isQuiet = (): boolean =>
    server.connectionCount === 0 && node.sessions.size === 0 && server.lentBuffers === 0 &&
    disk.busy === 0;
  if (!await world.run(isQuiet, 20_000)) {
    wrong(`${server.connectionCount} connections, ${node.sessions.size} sessions do not end`);
  }
  for (const host of hosts) host.settle();
  const left = {
    "tasks in the task set": unit.tasks.count,
    "buffers lent": server.lentBuffers,
    "octets of pending writes": node.pendingWrites.octets,
    "octets collected": node.collected.octets,
    "unit attentions": unit.attentions.count,
    "range locks": unit.locks.free(0, disk.size) ? 0 : 1,
  };
  for (const [what, count] of Object.entries(left)) if (count !== 0) wrong(`${count} ${what} left`);
  await target.close();
}
