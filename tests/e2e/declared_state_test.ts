/** Commands where no service runs: they edit the declared state. */
import assert from "node:assert/strict";
import type { DiskFacts, StatusFacts, TargetFacts } from "../../lib/config/facts.ts";
import { Disk, Session, Status, Target, Version } from "../../lib/status/fact_schemas.ts";
import { EXECUTABLE, requires } from "../support/requires.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";

function test(name: string, fn: (sanctl: Sanctl) => Promise<void>): void {
  Deno.test({
    name: `declared state: ${name}`,
    ...requires("dist/sanctl"),
    fn: () => withSanctl(fn),
  });
}

test("a target and a disk are created, assigned, shown, taken apart and removed", async (sanctl) => {
  await sanctl.ok("target create mail --allow iqn.1991-05.com.microsoft:mail1 --description post");
  await sanctl.ok("disk create {}/mail.vhd --size 4M");
  await sanctl.ok("disk assign mail mail --lun 3 --read-only");
  const target = await sanctl.facts<TargetFacts>("target show mail");
  assert.match(target.iqn, /^iqn\..*:mail$/);
  assert.equal(target.description, "post");
  assert.deepEqual(target.allow, ["iqn:iqn.1991-05.com.microsoft:mail1"]);
  assert.deepEqual(target.luns, [
    { lun: 3, disk: "mail", size: 4 << 20, readOnly: true, state: "stopped" },
  ]);
  const disk = await sanctl.facts<DiskFacts>("disk show mail");
  assert.equal(disk.path, await Deno.realPath(sanctl.path("mail.vhd")));
  assert.equal(disk.format, "vhd");
  // A fixed VHD is its data and a footer of 512 octets.
  assert.equal((await Deno.stat(sanctl.path("mail.vhd"))).size, (4 << 20) + 512);
  await sanctl.ok("disk unassign mail");
  await sanctl.ok("disk remove mail");
  await sanctl.ok("target delete mail --yes");
  assert.deepEqual(await sanctl.facts("target list"), []);
  assert.deepEqual(await sanctl.facts("disk list"), []);
  assert.equal((await Deno.stat(sanctl.path("mail.vhd"))).isFile, true);
  await sanctl.ok("disk import {}/mail.vhd --name again");
  const imported = await sanctl.facts<DiskFacts>("disk show again");
  assert.equal(imported.uuid, disk.uuid);
  await sanctl.ok("disk remove again --delete-file --yes");
  await assert.rejects(Deno.stat(sanctl.path("mail.vhd")), Deno.errors.NotFound);
});

test("--json has the documented shape, wherever it is asked for", async (sanctl) => {
  await sanctl.ok("target create t --allow any");
  await sanctl.ok("disk create {}/d.vhd --size 1M --target t");
  await sanctl.ok("disk create mem:m --size 1M");
  Target.array().length(1).parse(await sanctl.facts("target list"));
  Target.parse(await sanctl.facts("target show t"));
  Target.parse(await sanctl.facts("target set t --description x"));
  Target.parse(await sanctl.facts("target allow t any"));
  Disk.array().length(2).parse(await sanctl.facts("disk list"));
  Disk.parse(await sanctl.facts("disk show m"));
  Disk.parse(await sanctl.facts("disk assign m t"));
  Session.array().length(0).parse(await sanctl.facts("target sessions"));
  const status = Status.parse(await sanctl.facts<StatusFacts>("status"));
  assert.deepEqual([status.running, status.targets, status.disks], [false, 1, 2]);
  Version.parse(await sanctl.facts("version"));
});

test("a disk has blocks of 512 octets, or of 4096 where it is created or imported so", async (sanctl) => {
  const blocks = async (words: string): Promise<[logical: number, physical: number]> => {
    const disk = Disk.parse(await sanctl.facts<DiskFacts>(words)) as DiskFacts;
    return [disk.logicalBlockLength, disk.physicalBlockLength];
  };
  assert.deepEqual(await blocks("disk create mem:plain --size 1M"), [512, 512]);
  const large = "disk create {}/large.vhd --size 1M --logical-block 4096";
  assert.deepEqual(await blocks(large), [4096, 4096]);
  const mixed = "disk create {}/mixed.img --size 1M --logical-block 512 --physical-block 4096";
  assert.deepEqual(await blocks(mixed), [512, 4096]);
  assert.match(await sanctl.ok("disk show large"), /^blocks +4096 octets, physically 4096$/m);
  await sanctl.ok("disk remove large");
  assert.deepEqual(await blocks("disk import {}/large.vhd --logical-block 4096"), [4096, 4096]);
});

test("a target is renamed with its disks", async (sanctl) => {
  await sanctl.ok("target create old");
  await sanctl.ok("disk create mem:d --size 1M --target old");
  const before = await sanctl.facts<TargetFacts>("target show old");
  const { exitCode, stderr } = await sanctl.run("target set old --name new");
  assert.equal(exitCode, 0);
  assert.match(stderr, /its iSCSI name stays/);
  const after = await sanctl.facts<TargetFacts>("target show new");
  assert.deepEqual(after, { ...before, name: "new" });
  assert.equal((await sanctl.run("target show old")).exitCode, 4);
});

test("wrong and impossible requests are refused with their codes, and change nothing", async (sanctl) => {
  await sanctl.ok("target create t --allow iqn.2000-01.a:b");
  await sanctl.ok("disk create {}/d.vhd --size 1M --target t");
  const before = await Deno.readTextFile(sanctl.path("state/state.yaml"));
  const table: [line: string, exitCode: number, stderr: RegExp][] = [
    ["target show none", 4, /no target "none"/],
    ["target create t", 3, /t/],
    ["target create T!", 2, /cannot name a target/],
    ["target create u --allow nonsense", 2, /nonsense/],
    ["target create u --iqn nonsense", 2, /nonsense/],
    ["target allow t 300.1.1.1", 2, /300\.1\.1\.1/],
    ["disk create {}/none/x.vhd --size 1M", 4, /none/],
    ["disk create {}/d.vhd --size 1M", 3, /disk d already/],
    ["disk create {}/e.vhd --size 1M --target none", 4, /"none"/],
    ["disk create {}/e.vhd --size 100B", 2, /512/],
    ["disk create {}/e.vhd --size 1537K --logical-block 4096", 2, /whole blocks of 4096/],
    ["disk create mem:e --size 1M --logical-block 4096 --physical-block 512", 2, /at least 4096/],
    ["disk import {}/none.vhd", 4, /none\.vhd/],
    ["disk assign d none", 4, /"none"/],
    ["disk assign none t", 4, /"none"/],
    ["disk assign d t --lun 9", 3, /d/],
    ["disk remove d", 3, /LUN 0 of target t/],
    ["target delete t", 2, /nobody is there to confirm it/],
    ["status --server http://127.0.0.1:1", 6, /127\.0\.0\.1:1/],
    ["status --server ftp://x", 2, /ftp:\/\/x/],
  ];
  for (const [line, exitCode, stderr] of table) {
    const result = await sanctl.run(line);
    assert.equal(result.exitCode, exitCode, `sanctl ${line}: ${result.stderr}`);
    assert.match(result.stderr, stderr, line);
    assert.ok(result.stderr.trimEnd().split("\n").length <= 2, `sanctl ${line}: ${result.stderr}`);
    assert.equal(result.stdout, "", line);
  }
  assert.equal(await Deno.readTextFile(sanctl.path("state/state.yaml")), before);
});

test("twenty commands at once lose no change", async (sanctl) => {
  const names = Array.from({ length: 20 }, (_, at) => `t${String(at).padStart(2, "0")}`);
  await Promise.all(names.map((name) => sanctl.ok(`target create ${name}`)));
  const targets = await sanctl.facts<TargetFacts[]>("target list");
  assert.deepEqual(targets.map(({ name }) => name).sort(), names);
});

test("the state is readable by its owner alone", async (sanctl) => {
  await sanctl.ok("target create t");
  assert.equal((await Deno.stat(sanctl.path("state"))).mode! & 0o777, 0o700);
  assert.equal((await Deno.stat(sanctl.path("state/state.yaml"))).mode! & 0o777, 0o600);
});

test("a state file that was damaged is named, and left as it is", async (sanctl) => {
  await sanctl.ok("target create t");
  const path = sanctl.path("state/state.yaml");
  await Deno.writeTextFile(path, "targets: [");
  const { exitCode, stderr } = await sanctl.run("target list");
  assert.equal(exitCode, 1);
  assert.match(stderr, /state\.yaml/);
  assert.equal(await Deno.readTextFile(path), "targets: [");
});

test("what nobody reads any more ends the command quietly", async (sanctl) => {
  await sanctl.ok("target create t");
  const { stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      '"$0" target list --json | true',
      EXECUTABLE,
    ],
    env: sanctl.environment,
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
});
