/** A disk attached over two subnets, written and verified by fio while parts of them fail. */
import assert from "node:assert/strict";
import type {
  EventsPage,
  InitiatorDeviceFacts,
  PolicyName,
} from "../../lib/initiator_service/control.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { note } from "../support/note.ts";
import { runPeer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { Serving } from "../support/serving.ts";
import { iqn, Service } from "../support/service.ts";
import { PARTS, SUBNETS, targetAddress, TwoSubnets } from "../support/two_subnets.ts";

/** `SANCTL_FIO_ROUNDS=n`: how often each link fails under each policy. */
const ROUNDS = Number(Deno.env.get("SANCTL_FIO_ROUNDS") ?? 1);
const POLICIES: readonly PolicyName[] = ["fail-over-only", "round-robin"];
const DEVICE = "disk/0";
/** What fio may take to end once it has been told how much to do. */
const FIO_MS = 600_000;

Deno.test({
  ...requires("dist/sanctl", "network namespaces", "fio"),
  name:
    "multipath: fio verifies what it writes through an attached device whose links fail in turn",
  async fn() {
    const network = await TwoSubnets.create();
    try {
      await withSanctl((sanctl) => verifyOver(network, sanctl));
    } finally {
      await network.close();
    }
  },
});

async function verifyOver(network: TwoSubnets, sanctl: Sanctl): Promise<void> {
  await Service.declare(sanctl, { targets: { disk: [{ file: "d.img", size: "64M" }] } });
  const portals = SUBNETS.flatMap((subnet) => ["--portal", `${targetAddress(subnet)}:3260`]);
  const serving = await Serving.start(sanctl, portals, network.target.through);
  const initiator = await InitiatorServing.start(
    sanctl,
    ["--probe-time", "1"],
    network.initiator.through,
  );
  try {
    await sanctl.ok(`initiator login ${iqn("disk")} --multipath ${portals.join(" ")}`);
    await sanctl.ok(`initiator attach ${DEVICE}`);
    const { attached } = await device(sanctl);
    for (const policy of POLICIES) {
      await sanctl.ok(`initiator policy ${DEVICE} ${policy}`);
      await whileFailing(network, sanctl, runFio(attached!.url));
    }
    const { losses, failures } = (await device(sanctl)).paths.reduce((sum, path) => ({
      losses: sum.losses + path.losses,
      failures: sum.failures + path.failures,
    }), { losses: 0, failures: 0 });
    assert.ok(losses >= ROUNDS * SUBNETS.length * POLICIES.length, "every failure was met");
    const events = JSON.parse(await sanctl.ok("initiator events --json")) as EventsPage["events"];
    const ids = new Set(events.filter(({ source }) => source === "mpio").map(({ id }) => id));
    assert.ok(ids.has(16) && ids.has(17), "fail-overs are recorded as mpio 16, and 17 behind them");
    note(`fio over two subnets: verified; ${losses} paths lost, ${failures} commands moved over`);
  } finally {
    await initiator.end().catch(() => undefined);
    await serving.end().catch(() => undefined);
  }
}

/** Every part of every subnet fails and is mended while fio runs. */
async function whileFailing(
  network: TwoSubnets,
  sanctl: Sanctl,
  running: Promise<void>,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const subnet of SUBNETS) {
      const part = PARTS[(round + subnet) % PARTS.length]!;
      await until(sanctl, ({ paths }) => paths.every(({ state }) => state !== "failed"));
      await network.cut(subnet, part);
      await until(sanctl, ({ paths }) => paths.some(({ state }) => state === "failed"));
      await network.mend(subnet, part);
    }
  }
  await until(sanctl, ({ state }) => state === "online");
  await running;
}

async function until(sanctl: Sanctl, is: (device: InitiatorDeviceFacts) => boolean): Promise<void> {
  while (!is(await device(sanctl))) await new Promise((over) => setTimeout(over, 50));
}

async function device(sanctl: Sanctl): Promise<InitiatorDeviceFacts> {
  const [found] = await sanctl.facts<InitiatorDeviceFacts[]>("initiator devices");
  return found!;
}

/** Writes for some time, verifying as it goes, and then reads everything again. */
async function runFio(url: string): Promise<void> {
  const { exitCode, stdout, stderr } = await runPeer("fio", [
    "--name=verify",
    "--ioengine=nbd",
    `--uri=${url}`,
    "--rw=randwrite",
    "--bsrange=4k-64k",
    "--iodepth=16",
    "--size=48M",
    `--loops=${4 * ROUNDS}`,
    "--verify=crc32c",
    "--verify_backlog=256",
    "--verify_fatal=1",
    "--verify_state_save=0", // no file of it is left behind
    "--fsync=64",
    "--rate=24M",
  ], FIO_MS);
  assert.equal(exitCode, 0, `${stdout}${stderr}`);
  assert.match(stdout, /err= 0/);
}
