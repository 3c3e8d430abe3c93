import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control_error.ts";
import type { Changed } from "../../../lib/config/facts.ts";
import { ran } from "./fake_surroundings.ts";
import { DATA, MAIL, RUNNING, SESSION } from "./sample_facts.ts";

function changed<T>(facts: T, ...notices: string[]): Promise<Changed<T>> {
  return Promise.resolve({ facts, notices });
}

Deno.test("sanctl: alone it prints an overview", async () => {
  const { exitCode, stdout } = await ran([]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /sanctl target serve/);
});

Deno.test("sanctl: wrong usage is exit code 2, one line and where to look", async () => {
  const table: [argv: string, stderr: RegExp][] = [
    ["tarket", /no command "tarket"; did you mean `target`\?\n {2}see sanctl --help\n$/],
    ["target lst", /no command "lst"; did you mean `list`\?\n {2}see sanctl target --help\n$/],
    ["target create", /NAME is missing\n {2}see sanctl target create --help\n$/],
    ["target list extra", /"extra" is one argument too many\n {2}see sanctl target list --help\n$/],
    [
      "initiator disk partition d add",
      /"add" is one argument too many\n {2}see sanctl initiator disk partition --help\n$/,
    ],
    ["snapshot schedule ad", /did you mean `add`\?\n {2}see sanctl snapshot schedule --help\n$/],
    ["target list --bogus", /there is no flag --bogus/],
    ["target allow", /TARGET ID/],
    ["target deny t", /TARGET ID/],
    ["disk create f", /--size needs a value/],
    ["disk create f --size 20", /"20" for size: a size needs a unit: 20M, 20G/],
    ["disk create f --size 1G --type floppy", /"floppy" for type/],
    ["disk create f --size 1G --logical-block 1024", /"1024" for logical-block: it is 512 or 4096/],
    ["disk create mem:a --size 1G --sparse", /disk mem:a is in memory and has no file/],
    ["disk assign d t --lun -1", /lun/],
    ["disk create - --size 1G", /"-" for FILE\|mem:NAME: a disk does not go to standard output/],
    ["disk copy a.vhd -", /"-" for DESTINATION: .*; name a file\n {2}see sanctl disk copy --help/],
    ["disk convert a.vhd - --type raw", /"-" for DESTINATION/],
    ["initiator disk copy d/0 -", /"-" for DEST/],
    ["snapshot export s -", /"-" for FILE/],
    ["backup restore /b -", /"-" for FILE/],
    ["backup create d -", /"-" for DIR: a backup does not go to .*; name a directory/],
    ["backup schedule add d - --cron @daily", /"-" for DIR/],
    ["target set t", /nothing to change about target t/],
    ["completion powershell", /bash, zsh, fish/],
    ["--server", /--server needs a value/],
  ];
  for (const [argv, expected] of table) {
    const { exitCode, stdout, stderr } = await ran(argv.split(" "));
    assert.equal(exitCode, 2, argv);
    assert.equal(stdout, "", argv);
    assert.match(stderr, expected, argv);
    assert.ok(stderr.trimEnd().split("\n").length <= 2, argv);
  }
});

Deno.test("sanctl: each kind of failure has its exit code, and the next step its line", async () => {
  const codes = [
    ["failed", 1],
    ["usage", 2],
    ["in-use", 3],
    ["not-found", 4],
    ["permission", 5],
    ["unreachable", 6],
  ] as const;
  for (const [kind, expected] of codes) {
    const control = {
      showTarget: () => Promise.reject(new ControlError(kind, "target t is so", "do this")),
    };
    const { exitCode, stderr } = await ran(["target", "show", "t"], { control });
    assert.equal(exitCode, expected);
    assert.equal(stderr, "sanctl: target t is so\n  do this\n");
  }
});

Deno.test("sanctl: an error nobody foresaw shows no stack trace", async () => {
  const control = { status: () => Promise.reject(new TypeError("x is\nundefined")) };
  const { exitCode, stderr } = await ran(["status"], { control });
  assert.equal(exitCode, 1);
  assert.match(stderr, /^sanctl: x is; undefined\n {2}sanctl did not foresee this/);
  assert.doesNotMatch(stderr, /\bat .*:\d+/);
});

Deno.test("sanctl: --verbose adds what caused a failure", async () => {
  const cause = new Error("connection refused");
  const failure = new ControlError("unreachable", "the service is away", "start it", { cause });
  const control = { status: () => Promise.reject(failure) };
  const { stderr } = await ran(["status", "--verbose"], { control });
  assert.match(stderr, /\n {2}because: connection refused\n$/);
  assert.doesNotMatch((await ran(["status"], { control })).stderr, /because/);
});

Deno.test("sanctl: the control is let go of, whether the command succeeds or not", async () => {
  const good = await ran(["status"], { control: { status: () => Promise.resolve(RUNNING) } });
  assert.deepEqual(good.calls, ["status()", "close()"]);
  const control = { status: () => Promise.reject(new ControlError("failed", "no")) };
  assert.deepEqual((await ran(["status"], { control })).calls, ["status()", "close()"]);
});

Deno.test("sanctl: Ctrl-C aborts the command and is exit code 130", async () => {
  let interrupt = () => {};
  const { exitCode, stderr } = await ran(["disk", "create", "/a.vhd", "--size", "1G"], {
    onStart: (sendInterrupt) => void (interrupt = sendInterrupt),
    control: {
      createDisk(_disk, _progress, signal) {
        interrupt();
        return Promise.reject(signal!.reason);
      },
    },
  });
  assert.equal(exitCode, 130);
  assert.equal(stderr, "sanctl: interrupted\n");
});

Deno.test("sanctl: a second Ctrl-C ends a command that does not end by itself", async () => {
  let interrupt = () => {};
  const { exitCode } = await ran(["status"], {
    onStart: (sendInterrupt) => void (interrupt = sendInterrupt),
    control: {
      status() {
        interrupt();
        interrupt();
        return new Promise(() => {});
      },
    },
  });
  assert.equal(exitCode, 130);
});

Deno.test("sanctl: --help and --version work in any position", async () => {
  const help = await ran(["disk", "create", "x", "--help", "--size", "1G"]);
  assert.equal(help.exitCode, 0);
  assert.match(help.stdout, /sanctl disk create \[--size SIZE\]/);
  assert.match(
    (await ran(["--help", "disk", "create"])).stdout,
    /sanctl disk create \[--size SIZE\]/,
  );
  assert.match((await ran(["disk", "--version"])).stdout, /^sanctl \d+\.\d+\.\d+ /);
});

Deno.test("target create: hands over what was given, and says what was made", async () => {
  const argv = "target create mail --allow any --allow ip:10.0.0.0/8 --description x".split(" ");
  const control = { createTarget: () => changed(MAIL, "a notice") };
  const { stdout, stderr, calls } = await ran(argv, { control });
  assert.equal(
    calls[0],
    'createTarget({"name":"mail","description":"x","allow":["any","ip:10.0.0.0/8"]})',
  );
  assert.equal(stdout, `target mail created: ${MAIL.iqn}\n`);
  assert.equal(stderr, "a notice\n");
});

Deno.test("target list: a table for people, the facts themselves for programs", async () => {
  const control = { listTargets: () => Promise.resolve([MAIL]) };
  assert.match(
    (await ran(["target", "list"], { control })).stdout,
    /^TARGET +STATE .*\nmail +idle/,
  );
  const json = await ran(["target", "list", "--json"], { control });
  assert.deepEqual(JSON.parse(json.stdout), [MAIL]);
  assert.equal((await ran(["target", "list", "-q"], { control })).stdout, "mail\n");
});

Deno.test("target delete: says how many sessions end, and asks", async () => {
  const control = {
    showTarget: () => Promise.resolve({ ...MAIL, sessions: 2 }),
    deleteTarget: () => changed({ name: "mail", iqn: MAIL.iqn, sessionsEnded: 2 }),
  };
  const refused = await ran(["target", "delete", "mail", "--force"], { control });
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /2 sessions are open.*nobody is there to confirm it\n {2}add --yes/);
  const no = await ran(["target", "delete", "mail"], { control, terminal: true, typed: "n" });
  assert.equal(no.exitCode, 1);
  assert.ok(!no.calls.some((call) => call.startsWith("deleteTarget")));
  const yes = await ran(["target", "delete", "mail"], { control, terminal: true, typed: "y" });
  assert.equal(yes.exitCode, 0);
  assert.match(yes.stdout, /target mail deleted/);
  const forced = await ran(["target", "delete", "mail", "--force", "--yes"], { control });
  assert.ok(forced.calls.includes('deleteTarget("mail", {"force":true})'));
});

Deno.test("target allow and deny: the first word is the target, the others identify", async () => {
  const control = {
    allow: () => changed(MAIL),
    showTarget: () => Promise.resolve({ ...MAIL, sessions: 0 }),
    deny: () => changed({ ...MAIL, allow: [] }),
  };
  const allowed = await ran(["target", "allow", "mail", "any", "dns:a.b"], { control });
  assert.equal(allowed.calls[0], 'allow("mail", ["any","dns:a.b"])');
  const denied = await ran(["target", "deny", "mail", "any"], { control });
  assert.equal(denied.stdout, "target mail allows nobody\n");
});

Deno.test("target deny: asks where initiators are logged in", async () => {
  const control = {
    showTarget: () => Promise.resolve({ ...MAIL, sessions: 1 }),
    deny: () => changed({ ...MAIL, allow: [] }),
  };
  const asked = await ran(["target", "deny", "mail", "any"], { control });
  assert.equal(asked.exitCode, 2);
  assert.match(asked.stderr, /1 session is open on target mail.*loses its disks.*add --yes/s);
  assert.ok(!asked.calls.some((call) => call.startsWith("deny")));
  const done = await ran(["target", "deny", "mail", "any", "--yes"], { control });
  assert.ok(done.calls.includes('deny("mail", ["any"])'));
});

Deno.test("target sessions: shows who comes from where", async () => {
  const control = { sessions: () => Promise.resolve([SESSION]) };
  const { stdout } = await ran(["target", "sessions", "mail"], { control });
  assert.match(stdout, /mail1 +10\.0\.0\.5:40112 +10\.0\.0\.1:3260 +3h 1m +2 +1M +1\.5K$/m);
  const long = (await ran(["target", "sessions", "--long"], { control })).stdout;
  assert.match(long, /^isid +400001370000$/m);
  const connection = "10.0.0.5:40112 to 10.0.0.1:3260, header digest CRC32C, data digest None";
  assert.ok(long.includes(connection), long);
});

Deno.test("target disconnect: says what is meant, asks, and tells how each session ended", async () => {
  const ended = { id: "7", target: "mail", initiator: SESSION.initiator };
  const control = {
    sessions: () => Promise.resolve([SESSION]),
    disconnect: () => changed([{ ...ended, loggedOut: false }], "they can come back"),
  };
  const nobody = await ran(["target", "disconnect"], { control });
  assert.equal(nobody.exitCode, 2);
  assert.match(nobody.stderr, /not said which sessions.*\n {2}.*--target NAME, or --all/);
  const both = await ran("target disconnect 7 --all --yes".split(" "), { control });
  assert.equal(both.exitCode, 2);
  assert.equal((await ran(["target", "disconnect", "8"], { control })).exitCode, 4);
  const asked = await ran(["target", "disconnect", "--target", "mail"], { control });
  assert.match(asked.stderr, /the session of \S+:mail1 with target mail is ended.*add --yes/s);
  const done = await ran("target disconnect 7 --wait 0 --yes".split(" "), { control });
  assert.equal(done.calls[1], 'disconnect({"ids":["7"]}, {"waitSeconds":0})');
  assert.match(done.stdout, /^session 7 of \S+:mail1 with target mail was dropped\n$/);
  const none = {
    sessions: () => Promise.resolve([]),
    disconnect: () => changed([], "none is open"),
  };
  const idle = await ran(["target", "disconnect", "--all"], { control: none });
  assert.deepEqual([idle.exitCode, idle.stdout, idle.stderr], [0, "", "none is open\n"]);
});

Deno.test("disk create: a path is made absolute, a unit is needed, mem: means memory", async () => {
  const control = { createDisk: () => changed(DATA) };
  const file = await ran(["disk", "create", "a.vhd", "--size", "1M", "--sparse"], { control });
  assert.deepEqual(JSON.parse(file.calls[0]!.slice("createDisk(".length, -1)), {
    path: `${Deno.cwd()}/a.vhd`,
    size: 2 ** 20,
    sparse: true,
  });
  assert.equal(file.stdout, "disk data created: 20G, LUN 0 of target mail\n");
  const argv = "disk create mem:scratch --size 1M --physical-block 4096 --target mail --shared"
    .split(" ");
  const memory = await ran(argv, { control });
  assert.deepEqual(JSON.parse(memory.calls[0]!.slice("createDisk(".length, -1)), {
    memory: "scratch",
    size: 2 ** 20,
    target: "mail",
    shared: true,
    physicalBlockLength: 4096,
  });
});

Deno.test("disk create and disk import: blocks of 4096 octets are asked for by --logical-block", async () => {
  const control = { createDisk: () => changed(DATA), importDisk: () => changed(DATA) };
  const options = "--logical-block 4096 --physical-block 4096";
  const blocks = { logicalBlockLength: 4096, physicalBlockLength: 4096 };
  const made = await ran(`disk create mem:m --size 1M ${options}`.split(" "), { control });
  assert.deepEqual(JSON.parse(made.calls[0]!.slice("createDisk(".length, -1)), {
    memory: "m",
    size: 2 ** 20,
    ...blocks,
  });
  const imported = await ran(`disk import /d/m.vhd ${options}`.split(" "), { control });
  assert.deepEqual(JSON.parse(imported.calls[0]!.slice("importDisk(".length, -1)), {
    path: "/d/m.vhd",
    ...blocks,
  });
});

Deno.test("disk create: progress is shown on a terminal, and nothing of it in a pipe", async () => {
  const control = {
    createDisk: (
      _disk: unknown,
      onProgress?: (progress: { done: number; total: number }) => void,
    ) => {
      onProgress?.({ done: 1, total: 2 });
      return changed(DATA);
    },
  };
  const argv = ["disk", "create", "/a.vhd", "--size", "1M"];
  assert.match((await ran(argv, { control, terminal: true })).stderr, / 50%/);
  assert.equal((await ran(argv, { control })).stderr, "");
});

Deno.test("disk assign: says under which LUN", async () => {
  const control = { assignDisk: () => changed(DATA) };
  const { stdout, calls } = await ran(["disk", "assign", "data", "mail", "--lun", "0"], {
    control,
  });
  assert.equal(calls[0], 'assignDisk("data", "mail", {"lun":0})');
  assert.equal(stdout, "disk data is LUN 0 of target mail\n");
});

Deno.test("disk unassign: asks only where sessions are ended for it", async () => {
  const control = { unassignDisk: () => changed({ ...DATA, assignments: [] }) };
  const plain = await ran(["disk", "unassign", "data"], { control });
  assert.equal(plain.stdout, "disk data is assigned to no target\n");
  assert.equal((await ran(["disk", "unassign", "data", "--force"], { control })).exitCode, 2);
});

Deno.test("disk remove: the file stays unless asked for, and then its loss is confirmed", async () => {
  const control = {
    showDisk: () => Promise.resolve(DATA),
    removeDisk: () => changed({ name: "data", path: "/srv/data.vhd", fileDeleted: false }),
  };
  const stays = await ran(["disk", "remove", "data"], { control });
  assert.equal(stays.stdout, "disk data removed; /srv/data.vhd stays\n");
  const asked = await ran(["disk", "remove", "data", "--delete-file"], { control });
  assert.equal(asked.exitCode, 2);
  assert.match(asked.stderr, /\/srv\/data.vhd is deleted: 20G of data are lost/);
});

Deno.test("status: shows the service, its portals and what needs attention", async () => {
  const control = { status: () => Promise.resolve(RUNNING) };
  const { stdout } = await ran(["status"], { control });
  assert.match(stdout, /running since 2025-01-01T00:00:00.000Z \(pid 4711\)/);
  assert.match(stdout, /0\.0\.0\.0:3260 \[::1\]:3261/);
  assert.match(stdout, /needs attention:\n {2}disk data could not be opened/);
});

Deno.test("completion: each shell gets a script that asks sanctl itself", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { exitCode, stdout } = await ran(["completion", shell]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /sanctl __complete/);
  }
});

Deno.test("completion: proposes verbs, flags and global flags", async () => {
  assert.equal((await ran(["__complete", "dis"])).stdout, "disk\n");
  assert.equal(
    (await ran(["__complete", "--json", "target", "s"])).stdout,
    "serve\nsessions\nset\nshow\n",
  );
  assert.match((await ran(["__complete", "disk", "create", "--s"])).stdout, /--size\n--sparse\n/);
  const { stdout } = await ran(["__complete", "disk", "create", "--logical-block", ""]);
  assert.equal(stdout, "4096\n512\n");
});

Deno.test("completion: proposes the names of what there is", async () => {
  const control = {
    listTargets: () => Promise.resolve([MAIL]),
    listDisks: () => Promise.resolve([DATA]),
  };
  assert.equal((await ran(["__complete", "target", "show", "m"], { control })).stdout, "mail\n");
  assert.equal((await ran(["__complete", "disk", "assign", ""], { control })).stdout, "data\n");
  const assigned = await ran(["__complete", "disk", "assign", "data", ""], { control });
  assert.equal(assigned.stdout, "mail\n");
  assert.equal((await ran(["__complete", "target", "create", ""], { control })).stdout, "");
});

Deno.test("completion: proposes nothing where no names can be had", async () => {
  const control = { listTargets: () => Promise.reject(new ControlError("unreachable", "away")) };
  const { exitCode, stdout, stderr } = await ran(["__complete", "target", "show", ""], { control });
  assert.deepEqual([exitCode, stdout, stderr], [0, "", ""]);
});
