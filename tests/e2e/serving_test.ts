/** The service and the commands that speak to it, as an operator and an initiator see them. */
import assert from "node:assert/strict";
import type {
  DiskFacts,
  EndedSession,
  SessionFacts,
  StatusFacts,
  TargetFacts,
} from "../../lib/config/facts.ts";
import { Disk, Status, Target } from "../../lib/status/fact_schemas.ts";
import { type Requirement, requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { Serving, whileServing } from "../support/serving.ts";

function test(
  name: string,
  fn: (sanctl: Sanctl) => Promise<void>,
  ...needs: Requirement[]
): void {
  const definition = { name: `serving: ${name}`, ...requires("dist/sanctl", ...needs) };
  Deno.test({ ...definition, fn: () => withSanctl(fn) });
}

/** Runs a peer's program to its end, and answers what it printed. */
async function peer(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  assert.ok(success, `${program} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

test("commands change what a running service serves, and the change stays", async (sanctl) => {
  await sanctl.ok("target create t --allow any");
  await whileServing(sanctl, async () => {
    const status = Status.parse(await sanctl.facts<StatusFacts>("status"));
    assert.deepEqual([status.running, status.targets, status.disks], [true, 1, 0]);
    await sanctl.ok("disk create {}/d.vhd --size 1M --target t");
    await sanctl.ok("disk create mem:m --size 1M");
    await sanctl.ok("disk assign m t --lun 7 --read-only");
    const target = Target.parse(await sanctl.facts<TargetFacts>("target show t"));
    assert.equal(target.state, "idle");
    assert.deepEqual(target.luns.map(({ lun, state }) => [lun, state]), [[0, "ready"], [
      7,
      "ready",
    ]]);
    Disk.array().length(2).parse(await sanctl.facts("disk list"));
  });
  const after = await sanctl.facts<TargetFacts>("target show t");
  assert.deepEqual(after.luns.map(({ lun, state }) => [lun, state]), [[0, "stopped"], [
    7,
    "stopped",
  ]]);
});

test("refusals of the running service have the same codes and words", async (sanctl) => {
  await sanctl.ok("target create t");
  await sanctl.ok("disk create mem:d --size 1M --target t");
  const lines = [
    "target show none",
    "target create t",
    "disk assign none t",
    "disk remove d --yes",
    "disk create {}/no/x.vhd --size 1M",
    "target create Bad",
  ];
  const offline = await Promise.all(lines.map((line) => sanctl.run(line)));
  await whileServing(sanctl, async () => {
    assert.deepEqual(await Promise.all(lines.map((line) => sanctl.run(line))), offline);
  });
  assert.deepEqual(offline.map(({ exitCode }) => exitCode), [4, 3, 4, 3, 4, 2]);
});

test("only one service has a state directory, and a free port is needed", async (sanctl) => {
  await sanctl.ok("target create t");
  await whileServing(sanctl, async ({ portal }) => {
    const second = await sanctl.run("target serve --portal 127.0.0.1:0 --http off");
    assert.equal(second.exitCode, 3, second.stderr);
    const state = sanctl.path("other");
    const taken = await sanctl.run(
      `target serve --portal ${portal} --http off --state-dir ${state}`,
    );
    assert.equal(taken.exitCode, 3, taken.stderr);
    assert.match(taken.stderr, /in use\n {2}.*--portal/);
  });
});

test("SIGTERM and SIGINT end it with code 0, and a new one starts where it was", async (sanctl) => {
  await sanctl.ok("target create t --allow any");
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const serving = await Serving.start(sanctl);
    const { exitCode, log } = await serving.end(signal);
    assert.equal(exitCode, 0, log);
    assert.match(log, /info {2}ended\n$/);
    assert.equal((await sanctl.facts<StatusFacts>("status")).running, false);
  }
});

test("the dashboard answers to its own name alone", async (sanctl) => {
  await whileServing(sanctl, async ({ dashboard }) => {
    const page = await fetch(dashboard);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<html/);
    // What a page of another site would make this browser send, once its name points here.
    const { hostname, port } = new URL(dashboard);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const request = "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    const answer = new Uint8Array(64);
    await connection.read(answer);
    assert.match(new TextDecoder().decode(answer), /^HTTP\/1\.1 4\d\d /);
  });
});

test(
  "an initiator is told of blocks of 4096 octets, and writes and reads them",
  async (sanctl) => {
    await sanctl.ok("target create t --allow any");
    await sanctl.ok("disk create {}/offline.vhd --size 8M --logical-block 4096 --target t");
    const { iqn } = await sanctl.facts<TargetFacts>("target show t");
    await whileServing(sanctl, async ({ portal }) => {
      await sanctl.ok("disk create mem:online --size 8M --logical-block 4096 --target t");
      for (const lun of [0, 1]) {
        const url = `iscsi://${portal}/${iqn}/${lun}`;
        const capacity = await peer("iscsi-readcapacity16", url);
        assert.match(capacity, /RETURNED LOGICAL BLOCK ADDRESS:2047\n/);
        assert.match(capacity, /LOGICAL BLOCK LENGTH IN BYTES:4096\n/);
        assert.match(capacity, /LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT:0\n/);
        await peer("qemu-io", "-f", "raw", "-c", "write -P 0x5a 8188k 4k", "-c", "flush", url);
        const read = await peer("qemu-io", "-f", "raw", "-c", "read -P 0x5a 8188k 4k", url);
        assert.doesNotMatch(read, /Pattern verification failed/);
      }
    });
    // The last block stands before the footer of the file.
    const octets = await Deno.readFile(sanctl.path("offline.vhd"));
    assert.equal(octets.length, (8 << 20) + 512);
    const last = octets.subarray((8 << 20) - 8192, 8 << 20);
    assert.deepEqual(last.subarray(0, 4096), new Uint8Array(4096));
    assert.deepEqual(last.subarray(4096), new Uint8Array(4096).fill(0x5a));
  },
  "iscsi-readcapacity16",
  "qemu-io",
  "qemu block-iscsi",
);

test(
  "an initiator finds the target and reads what it wrote",
  async (sanctl) => {
    await sanctl.ok("target create t --allow any");
    await sanctl.ok("disk create {}/d.vhd --size 8M --target t");
    const { iqn } = await sanctl.facts<TargetFacts>("target show t");
    await whileServing(sanctl, async ({ portal }) => {
      assert.match(await peer("iscsi-ls", `iscsi://${portal}/`), new RegExp(`Target:${iqn} `));
      const url = `iscsi://${portal}/${iqn}/0`;
      await peer("qemu-io", "-f", "raw", "-c", "write -P 0xa5 1M 64k", "-c", "flush", url);
      const read = await peer("qemu-io", "-f", "raw", "-c", "read -P 0xa5 1M 64k", url);
      assert.doesNotMatch(read, /Pattern verification failed/);
    });
    // The same octets in the file, once the service has flushed and closed it.
    const file = await Deno.readFile(sanctl.path("d.vhd"));
    assert.ok(file.subarray(1 << 20, (1 << 20) + 65_536).every((octet) => octet === 0xa5));
    assert.equal(file[(1 << 20) - 1], 0);
  },
  "iscsi-ls",
  "qemu-io",
  "qemu block-iscsi",
);

test(
  "who is logged in is listed, and is in the way of what would cut it off",
  async (sanctl) => {
    await sanctl.ok("target create t --allow any");
    await sanctl.ok("disk create mem:d --size 8M --target t");
    const { iqn } = await sanctl.facts<TargetFacts>("target show t");
    await whileServing(sanctl, async ({ portal }) => {
      const initiator = new Deno.Command("qemu-io", {
        args: ["-f", "raw", `iscsi://${portal}/${iqn}/0`],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      // Its prompt comes when it is logged in.
      const prompt = initiator.stdout.getReader();
      await prompt.read();
      const [session, ...others] = await sanctl.facts<SessionFacts[]>("target sessions t");
      assert.deepEqual(others, []);
      assert.match(session!.initiator, /^iqn\./);
      assert.equal(session!.connections[0]!.portal, portal);
      assert.equal((await sanctl.facts<TargetFacts>("target show t")).state, "logged-in");
      assert.equal((await sanctl.run("target delete t --yes")).exitCode, 3);
      const disconnect = `target disconnect ${session!.id}`;
      assert.equal((await sanctl.run(disconnect)).exitCode, 2, "nobody confirms it");
      const [ended] = await sanctl.facts<EndedSession[]>(`${disconnect} --yes`);
      assert.deepEqual([ended!.initiator, ended!.loggedOut], [session!.initiator, true]);
      assert.equal((await sanctl.run(`${disconnect} --yes`)).exitCode, 4);
      await sanctl.ok("target delete t --force --yes");
      assert.deepEqual(await sanctl.facts("target sessions"), []);
      initiator.kill("SIGKILL");
      await initiator.stdin.close().catch(() => undefined);
      await prompt.cancel();
      await initiator.status;
    });
  },
  "qemu-io",
  "qemu block-iscsi",
);

test(
  "what was flushed outlives a killed service, which starts again",
  async (sanctl) => {
    await sanctl.ok("target create t --allow any");
    await sanctl.ok("disk create {}/d.vhd --size 8M --target t");
    const { iqn } = await sanctl.facts<TargetFacts>("target show t");
    const killed = await Serving.start(sanctl);
    const write = ["-f", "raw", "-c", "write -P 0x5a 0 128k", "-c", "flush"];
    await peer("qemu-io", ...write, `iscsi://${killed.portal}/${iqn}/0`);
    assert.equal((await killed.end("SIGKILL")).exitCode, 137);
    await whileServing(sanctl, async ({ portal }) => {
      assert.equal((await sanctl.facts<DiskFacts>("disk show d")).state, "ready");
      const args = ["-f", "raw", "-c", "read -P 0x5a 0 128k", `iscsi://${portal}/${iqn}/0`];
      assert.doesNotMatch(await peer("qemu-io", ...args), /Pattern verification failed/);
    });
  },
  "qemu-io",
  "qemu block-iscsi",
);
