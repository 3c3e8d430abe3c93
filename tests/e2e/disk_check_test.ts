import assert from "node:assert/strict";
import { Status } from "../../lib/scsi/status.ts";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { whileServing } from "../support/serving.ts";
import { logIn, type TcpInitiator } from "../support/tcp_initiator.ts";

function test(name: string, fn: (sanctl: Sanctl) => Promise<void>): void {
  Deno.test({ name: `disk check: ${name}`, ...requires("dist/sanctl"), fn: () => withSanctl(fn) });
}

interface Checked {
  readonly verdict: string;
  readonly served: boolean;
  readonly findings: readonly { kind: string; at: number; severity: string; repairable: boolean }[];
  readonly repaired: readonly { kind: string }[];
}

async function cutOff(path: string, octets: number): Promise<void> {
  await Deno.truncate(path, (await Deno.stat(path)).size - octets);
}

test("a sound disk, by its name and by its file, ends with 0", async (sanctl) => {
  for (const type of ["fixed", "dynamic"]) {
    await sanctl.ok(`disk create {}/${type}.vhd --size 8M --type ${type}`);
    const said = await sanctl.ok(`disk check ${type}`);
    assert.equal(said, `${sanctl.path(`${type}.vhd`)}: ${type} VHD of 8M; nothing is wrong\n`);
    assert.equal(await sanctl.ok(`disk check {}/${type}.vhd`), said);
  }
  await sanctl.ok("disk create {}/raw.img --size 8M");
  assert.match(await sanctl.ok("disk check raw"), /raw image of 8M; nothing is wrong/);
});

test("what can be repaired ends with 1, and with 0 once it is", async (sanctl) => {
  await sanctl.ok("disk create {}/a.vhd --size 8M --type dynamic");
  await cutOff(sanctl.path("a.vhd"), 512);
  const found = await sanctl.run("disk check a");
  assert.equal(found.exitCode, 1);
  assert.match(found.stdout, /^SEVERITY +WHAT +AT +REPAIR +DETAIL\nflaw +tail-footer +\d+ +yes /);
  assert.match(found.stderr, /^sanctl: a has 1 flaw\n {2}.*: sanctl disk check a --repair\n$/);
  const { findings, verdict } = JSON.parse((await sanctl.run("disk check a --json")).stdout);
  assert.equal(verdict, "flawed");
  assert.deepEqual([findings[0].kind, findings[0].repairable], ["tail-footer", true]);
  assert.match(await sanctl.ok("disk check a --repair"), /tail-footer +\d+ +done /);
  const after = await sanctl.facts<Checked>("disk check a");
  assert.deepEqual([after.verdict, after.findings], ["sound", []]);
});

test("data at risk ends with 7, and nothing is written", async (sanctl) => {
  await sanctl.ok("disk create {}/a.vhd --size 8M --type dynamic");
  const path = sanctl.path("a.vhd");
  const octets = await Deno.readFile(path);
  const table = Number(new DataView(octets.buffer).getBigUint64(512 + 16));
  octets.fill(0, table + 4, table + 8);
  await Deno.writeFile(path, octets);
  for (const flags of ["", " --repair"]) {
    const { exitCode, stdout, stderr } = await sanctl.run(`disk check a${flags}`);
    assert.equal(exitCode, 7);
    assert.match(stdout, /risk +block-place +0 +no +block 1, at 0, /);
    assert.match(stderr, /^sanctl: data of a may be at risk\n {2}change nothing before/);
  }
  assert.deepEqual(await Deno.readFile(path), octets);
});

test("a child's parents are looked at: written to, gone, and told by their paths", async (sanctl) => {
  await sanctl.ok("disk create {}/p.vhd --size 8M --type dynamic");
  await sanctl.ok("disk remove p");
  await sanctl.ok("disk create {}/c.vhd --type differencing --parent {}/p.vhd");
  const parent = sanctl.path("p.vhd");
  assert.match(await sanctl.ok("disk check c"), /over .*p\.vhd; nothing is wrong/);
  const { mtime } = await Deno.stat(parent);
  await cutOff(parent, 512);
  await Deno.utime(parent, mtime!, mtime!);
  const flawed = await sanctl.run("disk check c");
  assert.equal(flawed.exitCode, 1);
  assert.ok(flawed.stdout.includes(`${parent}:`), flawed.stdout);
  assert.ok(flawed.stderr.endsWith(`sanctl disk check ${parent} --repair\n`), flawed.stderr);
  await sanctl.ok(`disk check ${parent} --repair`);
  await sanctl.ok("disk check c");
  await Deno.utime(parent, 1, 1);
  const modified = await sanctl.run("disk check c --repair");
  assert.deepEqual([modified.exitCode, /parent-modified/.test(modified.stdout)], [7, true]);
  await Deno.remove(parent);
  const missing = await sanctl.run("disk check c");
  assert.deepEqual([missing.exitCode, /parent-missing/.test(missing.stdout)], [7, true]);
});

/** The disk that the service has open, as another program has it that knows no locks. */
async function writeOver(path: string, position: number, octets: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(position, Deno.SeekMode.Start);
  await file.write(octets);
}

/** Keeps writing through the portal until the answer is called, which answers how often. */
function writeOn(initiator: TcpInitiator): () => Promise<number> {
  let isOver = false, writes = 0;
  const done = (async () => {
    for (; !isOver; writes++) {
      const cdb = [0x2a, 0, 0, 0, writes & 63, 0, 0, 0, 8, 0];
      const data = new Uint8Array(4096).fill(writes);
      const { status } = await initiator.run({ cdb, write: true, length: 4096, data });
      assert.equal(status, Status.GOOD);
    }
    return writes;
  })();
  return () => {
    isOver = true;
    return done;
  };
}

test("a disk is checked while initiators write to it, and repaired when none is logged in", async (sanctl) => {
  await sanctl.ok("disk create {}/a.vhd --size 8M --type dynamic --name a");
  await sanctl.ok("target create t --iqn iqn.2026-01.com.example:t --allow any");
  await sanctl.ok("disk assign a t");
  const path = sanctl.path("a.vhd");
  await whileServing(sanctl, async ({ portal }) => {
    const names = { InitiatorName: "iqn.2026-01.com.example:ada" };
    const initiator = await logIn(portal, { ...names, TargetName: "iqn.2026-01.com.example:t" });
    const written = writeOn(initiator);
    for (let round = 0; round < 3; round++) {
      const checked = await sanctl.facts<Checked>("disk check a");
      assert.deepEqual([checked.verdict, checked.findings, checked.served], ["sound", [], true]);
    }
    assert.ok(await written() > 0);
    assert.match(await sanctl.ok(`disk check ${path}`), /nothing is wrong; it is served meanwhile/);

    await writeOver(path, 66, new Uint8Array([0x5a]));
    const flawed = await sanctl.run("disk check a");
    assert.equal(flawed.exitCode, 1);
    assert.match(flawed.stdout, /flaw +head-footer +0 +yes/);
    const busy = await sanctl.run("disk check a --repair");
    assert.deepEqual([busy.exitCode, busy.stdout], [3, ""]);
    assert.match(
      busy.stderr,
      /^sanctl: disk a is not repaired while .*: iqn\S+:ada in t\n {2}.*target disconnect --target t/,
    );
    initiator.stream.close();
    await sanctl.run("target disconnect --all --yes");
    const repaired = await sanctl.run("disk check a --repair");
    assert.equal(repaired.exitCode, 0, repaired.stderr);
    assert.match(repaired.stdout, /flaw +head-footer +0 +done/);
    assert.match(repaired.stderr, /disk a was closed for the repair, and is open again/);
    const [{ state }] = await sanctl.facts<[{ state: string }]>("disk list");
    assert.equal(state, "ready");
    const again = await logIn(portal, { ...names, TargetName: "iqn.2026-01.com.example:t" });
    again.stream.close();

    await Deno.rename(path, `${path}.moved`);
    const gone = await sanctl.run("disk check a");
    assert.deepEqual([gone.exitCode, /risk +file-gone/.test(gone.stdout)], [7, true]);
    assert.match(gone.stderr, /leave the service running, and take a copy/);
    await Deno.rename(`${path}.moved`, path);
  });
  assert.match(await sanctl.ok("disk check a"), /nothing is wrong\n/);
});

test("a disk that cannot be opened is repaired through the service, which opens it", async (sanctl) => {
  await sanctl.ok("disk create {}/a.vhd --size 8M --type dynamic");
  await writeOver(sanctl.path("a.vhd"), 66, new Uint8Array([0x5a]));
  await whileServing(sanctl, async () => {
    const [{ state }] = await sanctl.facts<[{ state: string }]>("disk list");
    assert.equal(state, "failed");
    assert.equal((await sanctl.run("disk check a")).exitCode, 1);
    await sanctl.ok("disk check a --repair");
    const [after] = await sanctl.facts<[{ state: string }]>("disk list");
    assert.equal(after.state, "ready");
  });
});

test("a snapshot is checked by its name and its file, and wrong words say what is right", async (sanctl) => {
  await sanctl.ok("disk create {}/a.vhd --size 8M --type dynamic");
  await sanctl.ok("disk create mem:m --size 8M");
  await whileServing(sanctl, async () => {
    await sanctl.ok("snapshot create a --name s");
    const { path } = await sanctl.facts<{ path: string }>("snapshot show s");
    for (const word of ["s", path]) {
      const said = await sanctl.ok(`disk check ${word}`);
      assert.equal(said, `${path}: dynamic VHD of 8M; nothing is wrong\n`);
    }
    const { mtime } = await Deno.stat(path);
    await writeOver(path, 66, new Uint8Array([0x5a]));
    await Deno.utime(path, mtime!, new Date(mtime!.getTime() + 2000));
    const modified = await sanctl.run("disk check s --repair");
    assert.deepEqual([modified.exitCode, modified.stdout], [7, ""]);
    assert.match(modified.stderr, /disk a is not closed for a repair, as it might not open again/);
    await Deno.utime(path, mtime!, mtime!);
    assert.match((await sanctl.run("disk check a")).stdout, new RegExp(`flaw .*${path}:0`));
    assert.match(await sanctl.ok("disk check s --repair"), /head-footer +0 +done/);
    await sanctl.ok("disk check a");
    const [{ state }] = await sanctl.facts<[{ state: string }]>("disk list");
    assert.equal(state, "ready", "its child still takes the parent for the one that it had");
    assert.match(await memoryRefusal(sanctl), /is in memory/);
  });
  assert.match(await sanctl.ok("disk check s"), /nothing is wrong/);
  assert.match(await memoryRefusal(sanctl), /is in memory/);
  const missing = await sanctl.run("disk check nosuch");
  assert.deepEqual([missing.exitCode, missing.stderr.split("\n").length], [4, 3]);
  const directory = await sanctl.run("disk check {}");
  assert.deepEqual([directory.exitCode, directory.stdout], [1, ""]);
});

async function memoryRefusal(sanctl: Sanctl): Promise<string> {
  const { exitCode, stderr } = await sanctl.run("disk check m");
  assert.equal(exitCode, 2);
  return stderr;
}
