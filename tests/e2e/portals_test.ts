/** Portals on the executable: declared, changed while it runs, kept, on a network of their own. */
import assert from "node:assert/strict";
import type { SessionFacts, StatusFacts, TargetPortalFacts } from "../../lib/config/facts.ts";
import { type NetworkNamespace, withNetwork } from "../support/network_namespace.ts";
import { peer } from "../support/peer.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { iqn } from "../support/service.ts";
import { Serving } from "../support/serving.ts";

const [FIRST, SECOND] = ["192.0.2.1", "198.51.100.1"] as const;
const TARGET = iqn("t");

interface World {
  readonly network: NetworkNamespace;
  readonly sanctl: Sanctl;
}

function test(name: string, fn: (world: World) => Promise<void>): void {
  Deno.test({
    name: `portals: ${name}`,
    ...requires(
      "dist/sanctl",
      "network namespaces",
      "ip",
      "iscsi-ls",
      "qemu-io",
      "qemu block-iscsi",
    ),
    fn: () =>
      withNetwork([FIRST, SECOND], (network) =>
        withSanctl(async (sanctl) => {
          await sanctl.ok(`target create t --iqn ${TARGET} --allow any`);
          await sanctl.ok("disk create mem:d --size 8M --target t");
          await fn({ network, sanctl });
        })),
  });
}

async function serving({ network, sanctl }: World, use: (serving: Serving) => Promise<void>) {
  const service = await Serving.startDeclared(sanctl, network.through);
  try {
    await use(service);
  } finally {
    await service.end();
  }
}

/** The portals that discovery tells of. */
async function discovered({ network }: World, portal: string): Promise<string[]> {
  const [program, ...words] = [...network.through, "iscsi-ls", `iscsi://${portal}/`];
  const said = await peer(program!, ...words);
  return [...said.matchAll(/Portal:(\S+)/g)].map(([, found]) => found!).sort();
}

test("every address until one is declared, then those that are", async (world) => {
  const { sanctl } = world;
  await serving(world, async ({ portals }) => {
    assert.deepEqual(portals, ["[::]:3260"]);
    assert.deepEqual(await discovered(world, SECOND), [`${SECOND}:3260,1`]);
    await sanctl.ok(`target portal add ${FIRST}`);
    await sanctl.ok(`target portal add ${SECOND}:860 --group 2`);
    assert.deepEqual(await discovered(world, FIRST), [`${FIRST}:3260,1`, `${SECOND}:860,2`]);
    await assert.rejects(discovered(world, SECOND), /refused/);
    await sanctl.ok(`target portal set ${SECOND}:860 --advertise san.example.com`);
    const told = [`${FIRST}:3260,1`, "san.example.com:3260,2"];
    assert.deepEqual(await discovered(world, `${SECOND}:860`), told);
    const taken = await sanctl.run(`target portal add 203.0.113.9`);
    assert.equal(taken.exitCode, 1);
    assert.match(taken.stderr, /203\.0\.113\.9:3260: this machine has no such address/);
  });
  await serving(world, async ({ portals }) => {
    assert.deepEqual(portals, [`${FIRST}:3260`, `${SECOND}:860`]);
    assert.deepEqual(await discovered(world, FIRST), [`${FIRST}:3260,1`, "san.example.com:3260,2"]);
  });
});

test("an address that is not there is no reason not to start", async (world) => {
  const { network, sanctl } = world;
  for (const address of [FIRST, SECOND]) await sanctl.ok(`target portal add ${address}`);
  await network.cut(SECOND);
  await serving(world, async ({ portals }) => {
    assert.deepEqual(portals, [`${FIRST}:3260`]);
    const { problems } = await sanctl.facts<StatusFacts>("status");
    assert.match(problems.join(), new RegExp(`portal ${SECOND}:3260: it cannot listen`));
    const rows = await sanctl.facts<TargetPortalFacts[]>("target portal list");
    assert.deepEqual(rows.map(({ state }) => state), ["listening", "absent"]);
  });
});

test("a port is not taken from those who came to it, unless it is forced", async (world) => {
  const { network, sanctl } = world;
  await sanctl.ok(`target portal add ${FIRST}`);
  await serving(world, async () => {
    const url = `iscsi://${FIRST}/${TARGET}/0`;
    const [program, ...words] = [...network.through, "qemu-io", "-f", "raw", url];
    const initiator = new Deno.Command(program!, {
      args: words,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const prompt = initiator.stdout.getReader();
    await prompt.read(); // it is logged in
    const [session] = await sanctl.facts<SessionFacts[]>("target sessions");
    const move = `target portal set ${FIRST}:3260 --port 3261`;
    const refused = await sanctl.run(move);
    assert.equal(refused.exitCode, 3);
    assert.ok(refused.stderr.includes(`${session!.id} (${session!.initiator} at ${FIRST}:3260)`));
    await sanctl.ok("target portal add 0.0.0.0:3261");
    assert.equal((await sanctl.facts<SessionFacts[]>("target sessions")).length, 1);
    await sanctl.ok("target portal remove 0.0.0.0:3261");
    assert.equal((await sanctl.run(`${move} --force`)).exitCode, 2, "nobody confirms it");
    await sanctl.ok(`${move} --force --yes`);
    assert.deepEqual(await sanctl.facts("target sessions"), []);
    assert.deepEqual(await discovered(world, `${FIRST}:3261`), [`${FIRST}:3261,1`]);
    await assert.rejects(discovered(world, FIRST), /refused/);
    initiator.kill("SIGKILL");
    await initiator.stdin.close().catch(() => undefined);
    await prompt.cancel();
    await initiator.status;
  });
});
