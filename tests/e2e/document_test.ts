/** A server as a document: exported, applied, and applied elsewhere. */
import assert from "node:assert/strict";
import type { DiskFacts, PlanFacts, SessionFacts } from "../../lib/config/facts.ts";
import { Plan } from "../../lib/status/fact_schemas.ts";
import { runPeer } from "../support/peer.ts";
import { type Requirement, requires } from "../support/requires.ts";
import { Sanctl, withSanctl } from "../support/sanctl.ts";
import { whileServing } from "../support/serving.ts";
import { onSmallFileSystem } from "../support/small_file_system.ts";
import { logIn } from "../support/tcp_initiator.ts";

const ADA = "iqn.2026-01.com.example:ada";

function test(
  name: string,
  fn: (sanctl: Sanctl) => Promise<void>,
  needs: readonly Requirement[] = [],
): void {
  Deno.test({
    name: `document: ${name}`,
    ...requires("dist/sanctl", ...needs),
    fn: () => withSanctl(fn),
  });
}

/** A bit of everything. */
async function furnish(sanctl: Sanctl): Promise<void> {
  for (
    const line of [
      `target create mail --iqn iqn.2026-01.com.example:mail --allow ${ADA} --description NO`,
      "target create web --allow any",
      "disk create {}/mail.vhd --size 4M --target mail",
      "disk create {}/big.img --size 1537K --sparse --logical-block 512 --physical-block 4096",
      "disk create mem:scratch --size 1M --removable",
      "disk assign big web --lun 3 --read-only",
      "disk assign scratch web --shared",
    ]
  ) await sanctl.ok(line);
}

/** The same files, with a state of its own. */
function elsewhere(sanctl: Sanctl): Sanctl {
  return new class extends Sanctl {
    override get environment(): Record<string, string> {
      return { SANCTL_STATE_DIR: this.path("elsewhere") };
    }
  }(sanctl.path("").slice(0, -1));
}

async function steps(sanctl: Sanctl, line: string): Promise<PlanFacts["steps"]> {
  return Plan.parse(await sanctl.facts<PlanFacts>(line)).steps as PlanFacts["steps"];
}

test("an exported server applied to an empty one is the same, to the octet", async (sanctl) => {
  await furnish(sanctl);
  assert.match(await sanctl.ok("export {}/server.yaml"), /server\.yaml written/);
  const document = await Deno.readTextFile(sanctl.path("server.yaml"));
  assert.equal(await sanctl.ok("export"), document);
  const other = elsewhere(sanctl);
  assert.match(await other.ok("apply -f {}/server.yaml"), /^5 added\n$/);
  assert.equal(await other.ok("export"), document);
  assert.match(await other.ok("apply -f {}/server.yaml --prune"), /^nothing to change/);
  // A server that serves exports the same, and takes it.
  await whileServing(other, async () => {
    assert.equal(await other.ok("export"), document);
    assert.match(await other.ok("apply -f {}/server.yaml --prune"), /^nothing to change/);
  });
  // Where the files are not there either, they are created as they are declared.
  for (const name of ["mail.vhd", "big.img"]) await Deno.remove(sanctl.path(name));
  await Deno.remove(sanctl.path("elsewhere"), { recursive: true });
  await whileServing(other, async () => {
    assert.match(await other.ok("apply -f {}/server.yaml"), /^5 added\n$/);
    assert.equal(await other.ok("export"), document);
  });
  const disks = await other.facts<DiskFacts[]>("disk list");
  assert.deepEqual(disks.map(({ name, size }) => [name, size]), [
    ["big", 1537 << 10],
    ["mail", 4 << 20],
    ["scratch", 1 << 20],
  ]);
  assert.equal((await Deno.stat(sanctl.path("mail.vhd"))).size, (4 << 20) + 512);
});

test("a running server is changed as a document says, and tells whom it disconnects", async (sanctl) => {
  await furnish(sanctl);
  await whileServing(sanctl, async ({ portal }) => {
    const initiator = await logIn(portal, {
      InitiatorName: ADA,
      TargetName: "iqn.2026-01.com.example:mail",
    });
    const [session] = await sanctl.facts<SessionFacts[]>("target sessions");
    const text = "targets: [{name: mail, allow: [any], iqn: iqn.2026-01.com.example:new}]\n" +
      "disks: [{name: new, path: PATH, size: 1M}]\n";
    const file = sanctl.path("change.yaml");
    await Deno.writeTextFile(file, text.replace("PATH", sanctl.path("new.img")));
    const planned = await steps(sanctl, "apply -f {}/change.yaml --dry-run");
    assert.deepEqual(planned.map(({ action, object, name }) => `${action} ${object} ${name}`), [
      "change target mail",
      "add disk new",
    ]);
    const from = [session!.connections[0]!.peer];
    assert.deepEqual(planned[0]!.sessions, [
      { effect: "ends", id: session!.id, initiator: ADA, from },
    ]);
    const refused = await sanctl.run("apply -f {}/change.yaml --yes");
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /ends the session of .*ada from 127/);
    assert.match(refused.stderr, /target mail has 1 session open that this ends\n.*--force/);
    await assert.rejects(Deno.stat(sanctl.path("new.img")), Deno.errors.NotFound);
    assert.equal((await sanctl.run("apply -f {}/change.yaml --force")).exitCode, 2);
    assert.match(
      await sanctl.ok("apply -f {}/change.yaml --force --yes"),
      /^1 added, 1 changed; 1 session ended\n$/,
    );
    while (await initiator.receive() !== null);
    initiator.stream.close();
    assert.deepEqual(await steps(sanctl, "apply -f {}/change.yaml"), []);
  });
});

test("a document comes on standard input, and is refused with the place of what is wrong", async (sanctl) => {
  const apply = async (text: string, ...words: string[]) => {
    const child = new Deno.Command(new URL("../../dist/sanctl", import.meta.url).pathname, {
      args: ["apply", "-f", "-", ...words],
      env: sanctl.environment,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  };
  const table: readonly (readonly [text: string, code: number, said: RegExp])[] = [
    ["", 2, /standard input: there is nothing in it/],
    ["targets:\n  - name: t\n    alow: [any]", 2, /input:3: targets\[0\]\.alow: .*\n {2}did you/],
    ["disks: [{name: d, size: 20, path: /d.img}]", 2, /a size needs a unit: 20M, 20G/],
    ["disks: [{name: d, path: /none/d.img, size: 1M}]", 4, /disks\[0\]\.path: there is no \/none/],
    ["targets: [{name: t, luns: [{disk: d}]}]", 4, /there will be no disk d/],
    ["a: &a [*a]", 2, /standard input/],
  ];
  for (const [text, code, said] of table) {
    const result = await apply(text);
    assert.equal(result.code, code, `${text}: ${result.stderr}`);
    assert.match(result.stderr, said);
    assert.ok(result.stderr.trimEnd().split("\n").length <= 2, result.stderr);
    assert.equal(result.stdout, "");
  }
  await assert.rejects(Deno.stat(sanctl.path("state")), Deno.errors.NotFound);
  const done = await apply("targets: [{name: t}]");
  assert.deepEqual([done.code, done.stdout], [0, "1 added\n"]);
  const removed = await apply("targets: []", "--prune");
  assert.equal(removed.code, 2);
  assert.match(removed.stderr, /target t removed; nobody is there to confirm it\n {2}add --yes/);
  assert.equal((await apply("targets: []", "--prune", "--yes")).code, 0);
});

for (const running of [false, true]) {
  const how = running ? "on a running server" : "where no service runs";
  test(`all or nothing ${how}: a file system that is full at the third disk`, async (sanctl) => {
    await onSmallFileSystem(async (folder) => {
      const disk = (name: string) => `  - {name: ${name}, path: ${folder}/${name}.vhd, size: 6M}\n`;
      const text = `targets: [{name: t, luns: [{disk: a}]}]\ndisks:\n${"abc".replace(/./g, disk)}`;
      await Deno.writeTextFile(sanctl.path("server.yaml"), text);
      await sanctl.ok("target create before");
      const before = await sanctl.ok("export");
      const attempt = async () => {
        const { exitCode, stderr } = await sanctl.run("apply -f {}/server.yaml");
        assert.equal(exitCode, 1);
        assert.match(stderr, /sanctl: cannot create .*c\.vhd: /);
        assert.deepEqual([...Deno.readDirSync(folder)], []);
        assert.equal(await sanctl.ok("export"), before);
        await Deno.writeTextFile(sanctl.path("less.yaml"), text.replace(disk("c"), ""));
        assert.equal(await sanctl.ok("apply -f {}/less.yaml"), "3 added\n");
        await extendBeyond(sanctl, folder);
      };
      await (running ? whileServing(sanctl, attempt) : attempt());
    });
  }, ["root"]);
}

/** The disks a and b of 6M each, on what has room for 16M. */
async function extendBeyond(sanctl: Sanctl, folder: string): Promise<void> {
  const sizes = async () =>
    (await sanctl.facts<DiskFacts[]>("disk list")).map(({ size }) => size / (1 << 20));
  const lengths = () =>
    Promise.all(["a", "b"].map(async (name) => (await Deno.stat(`${folder}/${name}.vhd`)).size));
  const before = await lengths();
  const extend = async (a: string, b: string) => {
    const text = `disks: [{name: a, size: ${a}}, {name: b, size: ${b}}]`;
    await Deno.writeTextFile(sanctl.path("larger.yaml"), text);
    return await sanctl.run("apply -f {}/larger.yaml");
  };
  const refused = await extend("7M", "20M");
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /cannot extend .*b\.vhd: it needs/);
  assert.deepEqual([await sizes(), await lengths()], [[6, 6], before]);
  assert.equal((await extend("7M", "8M")).stdout, "2 changed\n");
  assert.deepEqual(await sizes(), [7, 8]);
  assert.deepEqual(await lengths(), [7, 8].map((mebi) => (mebi << 20) + 512));
}

test("the schema takes what export writes, and refuses what is misspelt", async (sanctl) => {
  await furnish(sanctl);
  await sanctl.ok("export --schema {}/sanctl.schema.json");
  const { document } = { document: JSON.parse(await sanctl.ok("export --json")) };
  const check = async (instance: unknown) => {
    await Deno.writeTextFile(sanctl.path("x.json"), JSON.stringify(instance));
    const [file, schema] = [sanctl.path("x.json"), sanctl.path("sanctl.schema.json")];
    return await runPeer("jsonschema", ["-i", file, schema]);
  };
  const whole = await check(document);
  assert.equal(whole.exitCode, 0, whole.stderr);
  assert.equal((await check({})).exitCode, 0);
  const wrong = [
    { ...document, target: [] },
    { targets: [{ name: "Mail" }] },
    { targets: [{ name: "mail", alow: [] }] },
    { targets: [{ allow: ["any"] }] },
    { disks: [{ name: "d", size: "20" }] },
    { disks: [{ name: "d", logicalBlockLength: 1024 }] },
  ];
  for (const each of wrong) assert.equal((await check(each)).exitCode, 1, JSON.stringify(each));
}, ["jsonschema"]);
