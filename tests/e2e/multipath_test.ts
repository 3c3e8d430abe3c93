/** The wiring of two subnets, whose parts fail in turn while a disk is written and read over it. */
import assert from "node:assert/strict";
import type { PolicyName } from "../../lib/initiator/multipath/policies.ts";
import { MultipathHost } from "../support/multipath_host.ts";
import { note } from "../support/note.ts";
import { requires } from "../support/requires.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { Serving } from "../support/serving.ts";
import { iqn, Service } from "../support/service.ts";
import { withSanctl } from "../support/sanctl.ts";
import {
  type Part,
  PARTS,
  type Subnet,
  SUBNETS,
  targetAddress,
  TwoSubnets,
} from "../support/two_subnets.ts";

/** `SANCTL_MULTIPATH_ROUNDS=n`: how often each link fails under each policy. */
const ROUNDS = Number(Deno.env.get("SANCTL_MULTIPATH_ROUNDS") ?? 4);
const PROBE_TIME_MS = 1000;
/** What a fail-over may take besides. */
const GRACE_MS = 1000;
const POLICIES: readonly PolicyName[] = ["fail-over-only", "round-robin"];
const TARGET = "disk";

interface World {
  readonly network: TwoSubnets;
  readonly host: MultipathHost;
  readonly serving: () => Serving;
  restart(): Promise<void>;
}

async function withWorld(use: (world: World) => Promise<void>): Promise<void> {
  const network = await TwoSubnets.create();
  try {
    await withSanctl(async (sanctl) => {
      await Service.declare(sanctl, { targets: { [TARGET]: [{ file: "d.img", size: "64M" }] } });
      const portals = SUBNETS.map((subnet) => `${targetAddress(subnet)}:3260`);
      const extra = portals.flatMap((portal) => ["--portal", portal]);
      let serving = await Serving.start(sanctl, extra, network.target.through);
      const host = await MultipathHost.start(network.initiator, {
        target: iqn(TARGET),
        portals,
        probeTimeMs: PROBE_TIME_MS,
        policy: "fail-over-only",
        seed: chooseSeed(),
        blockCount: 8192,
      });
      try {
        await use({
          network,
          host,
          serving: () => serving,
          async restart() {
            await serving.end("SIGKILL").catch(() => undefined);
            serving = await Serving.start(sanctl, extra, network.target.through);
          },
        });
        await host.stop();
      } finally {
        await host.kill();
        await serving.end().catch(() => undefined);
      }
    });
  } finally {
    await network.close();
  }
}

Deno.test({
  ...requires("dist/sanctl", "network namespaces"),
  name: "A137, A143, A144: every part of two subnets may fail under load, and nobody notices",
  async fn() {
    await withWorld(async ({ network, host }) => {
      for (const policy of POLICIES) {
        await host.setPolicy(policy);
        const failures: Failure[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const part = PARTS[round % PARTS.length]!;
          for (const subnet of SUBNETS) {
            failures.push(await failAndMend(network, host, subnet, part));
          }
          await host.check();
        }
        noteFailures(policy, failures);
      }
    });
  },
});

interface Failure {
  readonly commands: number;
  /** From the cut until the path counted as lost. */
  readonly noticedMs: number;
  /** The longest that a command took. */
  readonly longestMs: number;
}

function noteFailures(policy: PolicyName, failures: readonly Failure[]): void {
  const commands = failures.reduce((sum, failure) => sum + failure.commands, 0);
  const noticedMs = Math.round(Math.max(...failures.map((failure) => failure.noticedMs)));
  const longestMs = Math.max(...failures.map((failure) => failure.longestMs));
  note(
    `multipath over two subnets, ${policy}: each link cut ${ROUNDS} times; ${commands} commands ` +
      `meanwhile, no error, no wrong octet; noticed within ${noticedMs} ms, the longest command ` +
      `took ${longestMs} ms (probe time ${PROBE_TIME_MS} ms)`,
  );
}

/** One failure from the cut to the path's return; what it did to commands meanwhile. */
async function failAndMend(
  network: TwoSubnets,
  host: MultipathHost,
  subnet: Subnet,
  part: Part,
): Promise<Failure> {
  const path = `${targetAddress(subnet)}:3260`;
  await host.takeFigures();
  const since = host.events.length;
  const cutMs = performance.now();
  await network.cut(subnet, part);
  const lost = await host.event(
    since,
    ({ event, data }) =>
      (event === "failed-over" && data["from"] === path) ||
      (event === "standby-path-failed" && data["path"] === path),
  );
  await host.event(since, ({ event }) => event === "device-degraded");
  await new Promise((over) => setTimeout(over, 300));
  const figures = await host.takeFigures();
  assert.deepEqual(figures.errors, []);
  assert.ok(figures.commands > 0, "commands go on over the other path");
  assert.ok(
    figures.longestMs <= PROBE_TIME_MS + GRACE_MS,
    `a command took ${figures.longestMs} ms when ${part} of subnet ${subnet} failed`,
  );
  await network.mend(subnet, part);
  await host.event(since, ({ event, data }) => event === "path-restored" && data["path"] === path);
  await host.event(since, ({ event }) => event === "device-restored");
  return { ...figures, noticedMs: lost.atMs - cutMs };
}

Deno.test({
  ...requires("dist/sanctl", "network namespaces"),
  name: "A143: a target that is killed and started again costs no I/O error and no octet",
  async fn() {
    await withWorld(async ({ host, restart }) => {
      for (const policy of POLICIES) {
        await host.setPolicy(policy);
        const since = host.events.length;
        await restart();
        await host.event(since, ({ event }) => event === "no-path");
        await host.event(since, ({ event }) => event === "device-restored");
        await host.check();
        const { errors, longestMs } = await host.takeFigures();
        assert.deepEqual(errors, []);
        note(
          `multipath, ${policy}: a target killed and restarted held commands up ${longestMs} ms`,
        );
      }
    });
  },
});
