import { openControl } from "../../lib/config/connect.ts";
import { ControlError } from "../../lib/config/control_error.ts";
import { findDevice } from "../../lib/initiator_service/find_device.ts";
import { snapshotDevice } from "../../lib/initiator_service/snapshot_device.ts";
import type { Context } from "../context.ts";
import type { InitiatorSnapshotFlags } from "../routes/initiator.ts";

export default async function (
  this: Context,
  flags: InitiatorSnapshotFlags,
  name: string,
): Promise<void> {
  const device = findDevice(await (await this.initiator()).devices(), name);
  const { stateDir } = this.flags;
  const server = await openControl({ stateDir, server: flags.targetServer });
  // Whatever happens, what is frozen is to be thawed, and that is soon.
  this.handleSignals(() => this.output.note("it ends as soon as the file systems go on"));
  try {
    const facts = await snapshotDevice(device, server, {
      ...{ name: flags.name, description: flags.description },
      before: hook(flags.before, "--before"),
      after: hook(flags.after, "--after"),
    });
    this.output.facts(facts, ({ snapshot, disk, consistency, frozen }) => {
      const how = consistency === "file-system"
        ? `with ${frozen.join(", ")} frozen`
        : "as after a power failure, all that was written being in it";
      return `snapshot ${snapshot} of disk ${disk} taken, ${how}`;
    });
    for (const notice of facts.notices) this.output.note(notice);
  } finally {
    await server.close();
  }
}

/** Runs a command of the operator's; what it says goes where ours does. */
function hook(command: string | undefined, flag: string): (() => Promise<void>) | undefined {
  if (command === undefined) return undefined;
  return async () => {
    const words = ["-c", command];
    const run = new Deno.Command("sh", { args: words, stdin: "null", stdout: "null" });
    const { success, code } = await run.spawn().status;
    if (success) return;
    throw new ControlError(
      "failed",
      `the command of ${flag} exited with ${code}`,
      flag === "--before" ? "no snapshot was taken" : "the snapshot was taken all the same",
    );
  };
}
