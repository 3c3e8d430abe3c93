/** A target server that is managed from another machine, by ssh. */
import assert from "node:assert/strict";
import { runExecutable } from "../support/executable.ts";
import { InitiatorServing } from "../support/initiator_serving.ts";
import { requires } from "../support/requires.ts";
import { withSanctl } from "../support/sanctl.ts";
import { iqn, Service } from "../support/service.ts";
import { Serving } from "../support/serving.ts";
import { withSshServer } from "../support/ssh_server.ts";
import { withScratch } from "../support/executable.ts";

Deno.test({
  name: "--server ssh://HOST manages the disks of another machine, and snapshots them from here",
  ...requires("dist/sanctl", "root", "sshd", "ssh"),
  fn: () =>
    withSanctl(async (far) => {
      const disk = { file: "d.vhd", size: "16M", options: "--type dynamic" };
      await Service.declare(far, { targets: { mail: [disk] } });
      const serving = await Serving.start(far);
      try {
        await withScratch((folder) => withSshServer(folder, (bin) => manage(far, serving, bin)));
      } finally {
        await serving.end();
      }
    }),
});

function manage(far: Parameters<typeof Service.declare>[0], serving: Serving, bin: string) {
  return withSanctl(async (here) => {
    const server = `ssh://far${far.path("state")}/control.sock`;
    const env = { ...here.environment, PATH: `${bin}:${Deno.env.get("PATH")}` };
    const run = (line: string) => runExecutable(line.split(" "), { env });
    const ok = async (line: string) => {
      const { exitCode, stdout, stderr } = await run(line);
      assert.equal(exitCode, 0, stderr);
      return stdout;
    };
    assert.match(await ok(`--server ${server} disk extend d --to 32M`), /32/);
    assert.match(await ok(`--server ${server} disk list`), /^d /m);
    const initiator = await InitiatorServing.start(here);
    try {
      await ok(`initiator login ${iqn("mail")} --portal ${serving.portal}`);
      const taken = await ok(`initiator snapshot mail/0 --target-server ${server} --name s`);
      assert.match(taken, /^snapshot s of disk d taken/);
    } finally {
      await initiator.end();
    }
    assert.match(await far.ok("snapshot list d"), /^s /m);
    for (
      const [where, exitCode, said] of [
        [`ssh://far/nowhere.sock`, 6, /no service answers on far at \/nowhere\.sock\n.*start one/],
        ["ssh://127.0.0.1:1", 6, /cannot reach 127\.0\.0\.1 by ssh: .*refused\n.*ssh 127\.0\.0\.1/],
        ["ssh://-oX=y", 2, /does not say where a service is\n.*ssh:\/\/\[USER@\]HOST/],
      ] as const
    ) {
      const wrong = await run(`--server ${where} disk list`);
      assert.equal(wrong.exitCode, exitCode, wrong.stderr);
      assert.match(wrong.stderr, said);
    }
  });
}
