import assert from "node:assert/strict";
import { requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { whileServing } from "../support/serving.ts";

function test(name: string, fn: (sanctl: Sanctl) => Promise<void>): void {
  Deno.test({ name: `disk check: ${name}`, ...requires("dist/sanctl"), fn: () => withSanctl(fn) });
}

interface Checked {
  readonly verdict: string;
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

test("a disk that is served is refused, and wrong words say what is right", async (sanctl) => {
  await sanctl.ok("disk create {}/a.vhd --size 8M --type dynamic");
  await sanctl.ok("disk create mem:m --size 8M");
  await whileServing(sanctl, async () => {
    for (const flags of ["", " --repair"]) {
      const { exitCode, stdout, stderr } = await sanctl.run(`disk check a${flags}`);
      assert.deepEqual([exitCode, stdout], [3, ""]);
      assert.match(stderr, /^sanctl: cannot (check|repair) disk a: .*a\.vhd is in use\n {2}end /);
    }
    await sanctl.ok("snapshot create a --name s");
    const { path } = await sanctl.facts<{ path: string }>("snapshot show s");
    assert.match(await sanctl.ok(`disk check ${path}`), /nothing is wrong/);
  });
  const memory = await sanctl.run("disk check m");
  assert.deepEqual([memory.exitCode, /is in memory/.test(memory.stderr)], [2, true]);
  const missing = await sanctl.run("disk check nosuch");
  assert.deepEqual([missing.exitCode, missing.stderr.split("\n").length], [4, 3]);
  const directory = await sanctl.run("disk check {}");
  assert.deepEqual([directory.exitCode, directory.stdout], [1, ""]);
});
