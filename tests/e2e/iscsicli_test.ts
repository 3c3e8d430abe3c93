/** iscsicli as scripts use it: the executable under that name, against a target that wants CHAP. */
import assert from "node:assert/strict";
import { EXECUTABLE, requires } from "../support/requires.ts";
import { type Ran, runExecutable } from "../support/executable.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { type Sanctl, withSanctl } from "../support/sanctl.ts";
import { Serving } from "../support/serving.ts";
import { iqn, Service } from "../support/service.ts";

const IQN = iqn("mail");
const DONE = "The operation completed successfully. \n";
const OUR_SECRET = "secretsecret12";
const THEIR_SECRET = "targetsecret12";

/** Of loopback, where nobody else is likely to have the port that quick commands take. */
function ownAddress(): string {
  const [a, b] = crypto.getRandomValues(new Uint8Array(2));
  return `127.${64 + a! % 64}.${b!}.1`;
}

class Iscsicli {
  readonly address = ownAddress();
  readonly #sanctl: Sanctl;
  readonly #executable: string;

  constructor(sanctl: Sanctl) {
    this.#sanctl = sanctl;
    this.#executable = sanctl.path("iscsicli");
  }

  static async with(use: (it: Iscsicli) => Promise<void>): Promise<void> {
    await withSanctl(async (sanctl) => {
      const it = new Iscsicli(sanctl);
      await Deno.symlink(EXECUTABLE, it.#executable);
      await Service.declare(sanctl, { targets: { mail: [{ file: "d.img", size: "16M" }] } });
      await Deno.writeTextFile(sanctl.path("ours"), OUR_SECRET, { mode: 0o600 });
      await Deno.writeTextFile(sanctl.path("theirs"), THEIR_SECRET, { mode: 0o600 });
      await sanctl.ok("target chap mail --user bob --secret-file {}/ours");
      await sanctl.ok("target reverse-chap mail --user server --secret-file {}/theirs");
      const serving = await Serving.start(sanctl, ["--portal", `${it.address}:3260`]);
      const initiator = await InitiatorServing.start(sanctl);
      try {
        await use(it);
      } finally {
        await initiator.end().catch(() => undefined);
        await serving.end().catch(() => undefined);
      }
    });
  }

  run(line: string, env: Record<string, string> = {}): Promise<Ran> {
    return runExecutable(line.split(" "), {
      executable: this.#executable,
      env: { ...this.#sanctl.environment, ...env },
    });
  }

  /** What a command that must succeed prints between the banner and the status. */
  async ok(line: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(line);
    assert.equal(exitCode, 0, `${line}: ${stdout}${stderr}`);
    assert.ok(stdout.endsWith(DONE), stdout);
    return stdout.slice(stdout.indexOf("\n\n") + 2, -DONE.length);
  }

  /** What a command that must fail with this status prints. */
  async fails(status: number, line: string): Promise<string> {
    const { exitCode, stdout } = await this.run(line);
    assert.equal(exitCode, status & 0xff, `${line}: ${stdout}`);
    return stdout;
  }
}

const NEEDS = requires("dist/sanctl");

Deno.test({
  ...NEEDS,
  name: "iscsicli: a script finds a target, logs in with mutual CHAP, and uses several connections",
  fn: () =>
    Iscsicli.with(async (it) => {
      const { address } = it;
      assert.match(
        await it.ok(`Ping * ${address} 2 64`),
        /^( {4}Reply from .*bytes=64 time.*\n){2}$/,
      );
      await it.ok(`QAddTargetPortal ${address}`);
      assert.equal(await it.ok("ListTargets T"), `Targets List:\n    ${IQN}\n`);
      assert.match(await it.ok("listtargetportals"), new RegExp(`Socket   : ${address} 3260`));
      const info = await it.ok(`TargetInfo ${IQN}`);
      const mechanism = /^ {9}"(SendTargets:.*)"$/m.exec(info)![1]!;
      assert.equal(mechanism, `SendTargets:*${address} 0003260 Root\\ISCSIPRT\\0000_0`);

      await it.fails(0xefff0009, `QLoginTarget ${IQN}`);
      await it.fails(0xefff0009, `QLoginTarget ${IQN} bob wrongsecret12`);
      const login = `LoginTarget ${IQN} t ${address} 3260 Root\\ISCSIPRT\\0000_0 -1 * 0x00000002 ` +
        `1 1 4 * * bob ${OUR_SECRET} 2 * 0`;
      await it.fails(87, login); // there is no secret for the target's proof
      await it.ok("CHAPSecret anothersecret");
      await it.fails(0xefff0009, login);
      await it.ok(`CHAPSecret ${THEIR_SECRET}`);
      const [, session] = /^Session Id is 0x(\S+)-0x(\S+)$/m.exec(await it.ok(login))!;
      const list = await it.ok("sessionlist");
      const id = /^Session Id {13}: (\S+)$/m.exec(list)![1]!;
      assert.ok(id.startsWith(session!));
      await it.fails(0xefff003f, login);

      assert.match(
        await it.ok(`QAddConnection ${id} * ${address}`),
        /^Connection Id is 0x[0-9a-f]+-0x2\n$/,
      );
      const options = `0 * 1 1 * * * bob ${OUR_SECRET} 2 *`;
      assert.equal(await it.ok(`AddConnection ${id} * * ${address} 3260 ${options}`), "");
      assert.match(await it.ok("SessionList f"), /^Number Connections {5}: 3$/m);
      const connection = (cid: number) => `fffffa8000000000-${cid}`;
      await it.ok(`RemoveConnection ${id} ${connection(2)}`);
      await it.fails(0xefff0064, `RemoveConnection ${id} ${connection(1)}`);
      await it.fails(0xefff0063, `RemoveConnection ${id} ${connection(2)}`);
      assert.match(await it.ok("SessionList f"), /^Number Connections {5}: 2$/m);

      const capacity = await it.ok(`ReadCapacity ${id} 0`);
      assert.match(capacity, /^ {8}00 00 7f ff 00 00 02 00 /m);
      assert.match(await it.ok(`ScsiInquiry ${id} 0 0 0`), /SANCTL/);
      assert.match(await it.ok("ReportTargetMappings"), /Target LUN: 0x0 <--> OS Lun: 0x0/);
      await it.ok(`LogoutTarget ${id}`);
      assert.equal(await it.ok("SessionList"), "Total of 0 sessions\n\n");
      await it.fails(0xefff001c, `LogoutTarget ${id}`);
      await it.ok(`RemoveTargetPortal ${address} 3260`);
      await it.fails(0xefff0043, `RemoveTargetPortal ${address} 3260`);
    }),
});

Deno.test({
  ...NEEDS,
  name: "iscsicli: persistent logins are recorded, listed and removed, and devices bound by path",
  fn: () =>
    Iscsicli.with(async (it) => {
      const { address } = it;
      await it.ok(`CHAPSecret ${THEIR_SECRET}`);
      await it.ok(`AddTarget ${IQN} Mail ${address} 3260 0 T * * * * * * * * * 0`);
      const words = `${IQN} T ${address} 3260 * * * * * * * * * bob ${OUR_SECRET} 2 * 0`;
      assert.match(await it.ok(`PersistentLoginTarget ${words}`), /^LoginTarget to .*\/3260\n$/);
      assert.equal(await it.ok("SessionList"), "Total of 0 sessions\n\n", "only recorded");
      const list = await it.ok("ListPersistentTargets");
      assert.match(list, /^Total of 1 peristent targets\n/);
      assert.match(list, /Authentication Type {2}: Mutual CHAP\n/);
      await it.ok(`LoginTarget ${words}`);

      await it.fails(0xefff005d, "AddPersistentDevice /nowhere");
      await it.fails(0xefff0001, "BindPersistentVolumes");
      assert.equal(await it.ok("ReportPersistentDevices"), "Persistent Volumes\n\n");

      await it.fails(0xefff0042, `RemovePersistentTarget * ${IQN} * ${address} 3261`);
      const removal = `RemovePersistentTarget Root\\ISCSIPRT\\0000_0 ${IQN} * ${address} 3260`;
      await it.ok(removal);
      await it.fails(0xefff0042, removal);
      assert.equal(await it.ok("ListPersistentTargets"), "");
    }),
});

Deno.test({
  ...NEEDS,
  name: "iscsicli: wrong usage succeeds, as with Windows, unless it is to be strict",
  fn: () =>
    Iscsicli.with(async (it) => {
      const usage = /\niscsicli LogoutTarget <SessionId>\n$/;
      const { exitCode, stdout } = await it.run("LogoutTarget");
      assert.equal(exitCode, 0);
      assert.match(stdout, usage);
      for (
        const [line, env] of [["--strict LogoutTarget", {}], ["LogoutTarget", {
          SANCTL_STRICT: "1",
        }]] as const
      ) {
        const strict = await it.run(line, env);
        assert.equal(strict.exitCode, 87);
        assert.match(strict.stdout, usage);
      }
      const all = await it.run("nonsense");
      assert.equal(all.exitCode, 0);
      assert.ok(all.stdout.split("\n").length > 40);
    }),
});
