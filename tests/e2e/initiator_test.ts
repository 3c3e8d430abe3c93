/** The initiator's service as an operator uses it, against a target service of ours. */
import assert from "node:assert/strict";
import type {
  InitiatorDeviceFacts,
  InitiatorFacts,
  InitiatorSessionFacts,
  LoginFacts,
} from "../../lib/initiator_service/control.ts";
import { tellSupervisor } from "../../lib/status/supervisor.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { NotifySocket } from "../support/notify_socket.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { Serving } from "../support/serving.ts";
import { iqn, Service } from "../support/service.ts";

const TARGET = "mail";
const IQN = iqn(TARGET);
const DEVICE = `${TARGET}/0`;
const SECOND_PORTAL = ["--portal", "127.0.0.2:0"];

/** A target with one disk on two portals, and an initiator, both running. */
async function withBoth(
  use: (world: {
    readonly sanctl: Sanctl;
    readonly serving: Serving;
    readonly initiator: { current: InitiatorServing };
  }) => Promise<void>,
): Promise<void> {
  await withSanctl(async (sanctl) => {
    await Service.declare(sanctl, { targets: { [TARGET]: [{ file: "d.img", size: "16M" }] } });
    const serving = await Serving.start(sanctl, SECOND_PORTAL);
    const initiator = { current: await InitiatorServing.start(sanctl) };
    try {
      await use({ sanctl, serving, initiator });
    } finally {
      await initiator.current.end().catch(() => undefined);
      await serving.end().catch(() => undefined);
    }
  });
}

async function device(sanctl: Sanctl): Promise<InitiatorDeviceFacts> {
  const [found] = await sanctl.facts<InitiatorDeviceFacts[]>("initiator devices");
  return found!;
}

/** Runs a command that must be refused, and answers what it said. */
async function refused(sanctl: Sanctl, exitCode: number, line: string): Promise<string> {
  const ran = await sanctl.run(line);
  assert.equal(ran.exitCode, exitCode, `${line}: ${ran.stderr}`);
  return ran.stderr;
}

const NEEDS = requires("dist/sanctl", "qemu-io");

Deno.test({
  ...NEEDS,
  name: "initiator: a target is discovered, logged in to over two paths, attached and used",
  async fn() {
    await withBoth(async ({ sanctl, serving: { portals } }) => {
      const added = await sanctl.ok(`initiator portal add ${portals[0]}`);
      assert.match(added, /it offers 1 target/);
      assert.match(await sanctl.ok("initiator targets"), new RegExp(`${IQN} +known`));
      const login = `initiator login ${IQN} --multipath --portal ${portals[0]} --portal ${
        portals[1]
      }`;
      const { sessions, devices } = await sanctl.facts<LoginFacts>(login);
      assert.deepEqual(sessions.map(({ state }) => state), ["logged-in", "logged-in"]);
      assert.deepEqual(devices.map(({ name, state }) => [name, state]), [[DEVICE, "online"]]);
      await sanctl.ok(`initiator attach ${DEVICE}`);
      const { url } = (await device(sanctl)).attached!;
      await peer("qemu-io", "-f", "raw", "-c", "write -P 0x5a 1M 2M", "-c", "flush", url);
      await peer("qemu-io", "-f", "raw", "-c", "read -P 0x5a 1M 2M", url);
      await sanctl.ok(`initiator policy ${DEVICE} round-robin`);
      assert.deepEqual(
        (await device(sanctl)).paths.map(({ state }) => state),
        ["active", "active"],
      );
      const image = await Deno.open(sanctl.path("d.img"));
      await image.seek(1 << 20, Deno.SeekMode.Start);
      const octets = new Uint8Array(4096);
      await image.read(octets);
      image.close();
      assert.ok(octets.every((octet) => octet === 0x5a), "it is in the target's file");
    });
  },
});

Deno.test({
  ...NEEDS,
  name: "initiator: what is attached is not logged out of, and mistakes are explained",
  async fn() {
    await withBoth(async ({ sanctl, serving: { portals } }) => {
      await sanctl.ok(`initiator login ${IQN} --portal ${portals[0]}`);
      await sanctl.ok(`initiator attach ${DEVICE}`);
      const inUse = await refused(sanctl, 3, `initiator logout ${IQN}`);
      assert.match(inUse, new RegExp(`device ${DEVICE} of target ${IQN} is attached`));
      assert.match(inUse, /first sanctl initiator detach/);
      assert.match(
        await refused(sanctl, 3, `initiator login ${IQN} --portal ${portals[1]}`),
        /logged in to already\n {2}add a path to it with --multipath/,
      );
      assert.match(
        await refused(sanctl, 4, `initiator login ${iqn("other")} --portal ${portals[0]}`),
        /no such target/,
      );
      assert.match(
        await refused(sanctl, 6, `initiator login ${iqn("other")} --portal 127.0.0.1:1`),
        /cannot connect to 127.0.0.1:1: nothing listens there/,
      );
      await refused(sanctl, 2, `initiator login ${IQN} --portal ${portals[0]} --portal 127.0.0.3`);
      await refused(sanctl, 4, "initiator attach nothing");
      await refused(sanctl, 4, "initiator logout 99");
      assert.equal((await sanctl.facts<unknown[]>("initiator sessions")).length, 1);
      await sanctl.ok(`initiator detach ${DEVICE}`);
      await sanctl.ok(`initiator logout ${IQN}`);
      assert.deepEqual(await sanctl.facts("initiator sessions"), []);
    });
  },
});

Deno.test({
  ...NEEDS,
  name: "initiator: after kill -9 its persistent logins, devices and bindings come back",
  async fn() {
    await withBoth(async ({ sanctl, serving: { portals }, initiator }) => {
      await sanctl.ok(
        `initiator login ${IQN} --persistent --multipath --portal ${portals[0]} --portal ${
          portals[1]
        }`,
      );
      await sanctl.ok(`initiator attach ${DEVICE}`);
      await sanctl.ok(`initiator policy ${DEVICE} round-robin`);
      assert.match(await sanctl.ok("initiator bind"), new RegExp(`bound: ${DEVICE}`));
      const { url } = (await device(sanctl)).attached!;
      await peer("qemu-io", "-f", "raw", "-c", "write -P 0x77 0 4M", "-c", "flush", url);
      await initiator.current.end("SIGKILL");
      initiator.current = await InitiatorServing.start(sanctl);
      const { bound, policy, attached, paths } = await device(sanctl);
      assert.deepEqual([bound, policy, paths.length], [true, "round-robin", 2]);
      assert.equal(attached!.url, url);
      await peer("qemu-io", "-f", "raw", "-c", "read -P 0x77 0 4M", url);
      await peer("qemu-io", "-f", "raw", "-c", "write -P 0x78 0 4M", "-c", "flush", url);
      const sessions = await sanctl.facts<InitiatorSessionFacts[]>("initiator sessions");
      assert.deepEqual(sessions.map(({ persistent }) => persistent), [true, true]);
    });
  },
});

Deno.test({
  ...requires("dist/sanctl", "python3"),
  name: "initiator: a target that comes late is joined, and only then it is ready, also to bind " +
    "--wait and to its supervisor",
  async fn() {
    await withSanctl(async (sanctl) => {
      await Service.declare(sanctl, { targets: { [TARGET]: [{ file: "d.img", size: "16M" }] } });
      let serving = await Serving.start(sanctl);
      const { portal } = serving;
      let initiator = await InitiatorServing.start(sanctl);
      const supervisor = await NotifySocket.open(sanctl.path("notify"));
      const wait = "initiator bind --wait --timeout 1";
      try {
        await sanctl.ok(`initiator login ${IQN} --persistent --portal ${portal}`);
        await refused(sanctl, 1, wait);
        await sanctl.ok(`initiator attach ${DEVICE}`);
        await sanctl.ok("initiator bind");
        assert.match(await sanctl.ok(wait), /all bound devices are there: mail\/0/);
        await initiator.end();
        await serving.end();
        assert.match(await refused(sanctl, 6, wait), /service did not run within 1 s/);
        // A command that waits before there is a service waits for that too.
        const early = sanctl.ok("initiator bind --wait --timeout 300");
        const through = ["env", `NOTIFY_SOCKET=${supervisor.path}`];
        initiator = InitiatorServing.begin(sanctl, ["--bind-timeout", "1"], through);
        const ready = initiator.ready();
        await eventNamed(sanctl, /device mail\/0 is not ready/);
        const told = await supervisor.until(/STATUS=not there/);
        assert.match(told, /EXTEND_TIMEOUT_USEC=31000000\nSTATUS=waits for mail\/0\n/);
        assert.match(told, /STATUS=not there: mail\/0\n/);
        assert.doesNotMatch(told, /READY/);
        const late = await refused(sanctl, 6, wait);
        assert.match(late, /a bound device is not there after 1 s: mail\/0 \(.+\)\n/);
        const before = await sanctl.facts<InitiatorFacts>("initiator name");
        assert.deepEqual([before.service, before.ready], ["running", false]);
        serving = await Serving.start(sanctl, ["--portal", portal]);
        await ready;
        await supervisor.until(/READY=1\n/);
        assert.match(await early, /all bound devices are there: mail\/0/);
        assert.equal((await sanctl.facts<InitiatorFacts>("initiator name")).ready, true);
        assert.equal((await device(sanctl)).state, "online");
      } finally {
        await initiator.end().catch(() => undefined);
        await serving.end().catch(() => undefined);
        await supervisor.close();
      }
    });
  },
});

Deno.test({
  ...requires("dist/sanctl", "python3"),
  name: "initiator: a service that ends before its devices are there never was ready",
  async fn() {
    await withSanctl(async (sanctl) => {
      await Service.declare(sanctl, { targets: { [TARGET]: [{ file: "d.img", size: "16M" }] } });
      const serving = await Serving.start(sanctl);
      const supervisor = await NotifySocket.open(sanctl.path("notify"));
      try {
        const first = await InitiatorServing.start(sanctl);
        await sanctl.ok(`initiator login ${IQN} --persistent --portal ${serving.portal}`);
        await sanctl.ok(`initiator attach ${DEVICE}`);
        await sanctl.ok("initiator bind");
        await first.end();
        await serving.end();
        const through = ["env", `NOTIFY_SOCKET=${supervisor.path}`];
        const second = InitiatorServing.begin(sanctl, [], through);
        await supervisor.until(/waits for mail\/0/);
        assert.equal((await second.end()).exitCode, 0);
        // Behind everything that the service has told.
        assert.ok(tellSupervisor("TEST=1", supervisor.path));
        const told = await supervisor.until(/TEST=1/);
        assert.match(told, /STOPPING=1/);
        assert.doesNotMatch(told, /READY/);
      } finally {
        await serving.end().catch(() => undefined);
        await supervisor.close();
      }
    });
  },
});

/** Waits for an event that says so. */
async function eventNamed(sanctl: Sanctl, text: RegExp): Promise<void> {
  for (;;) {
    if (text.test(await sanctl.ok("initiator events"))) return;
    await new Promise((over) => setTimeout(over, 100));
  }
}

Deno.test({
  ...NEEDS,
  name: "initiator: its name and portals can be set before its service runs",
  async fn() {
    await withSanctl(async (sanctl) => {
      await sanctl.ok("initiator name iqn.2026-01.org.example:host");
      assert.equal(await sanctl.ok("initiator name"), "iqn.2026-01.org.example:host\n");
      await sanctl.ok("initiator portal add 192.0.2.1");
      assert.match(await sanctl.ok("initiator portal list"), /192\.0\.2\.1:3260 +never/);
      assert.match(
        await refused(sanctl, 6, `initiator login ${IQN} --portal 192.0.2.1`),
        /does not run\n {2}start it: sanctl initiator serve/,
      );
      await refused(sanctl, 3, "initiator portal add 192.0.2.1:3260");
      await refused(sanctl, 2, "initiator name nonsense");
      await sanctl.ok("initiator portal remove 192.0.2.1");
      const { mode } = await Deno.stat(sanctl.path("state/initiator/initiator.yaml"));
      assert.equal(mode! & 0o777, 0o600);
    });
  },
});
