import { ControlError } from "../../lib/config/control_error.ts";
import type { LoginFacts, NewPath } from "../../lib/initiator_service/control.ts";
import { readAccounts } from "../account.ts";
import type { Context } from "../context.ts";
import { deviceColumns, sessionColumns } from "../initiator_columns.ts";
import { table } from "../output.ts";
import type { InitiatorLoginFlags } from "../routes/initiator.ts";

export default async function (
  this: Context,
  flags: InitiatorLoginFlags,
  target: string,
): Promise<void> {
  const { multipath, persistent, headerDigest, dataDigest, connections, policy } = flags;
  const paths = pathsOf(flags);
  const accounts = await readAccounts(this, flags);
  const control = await this.initiator();
  const changed = await control.logIn({
    ...{ target, paths, multipath, persistent, headerDigest, dataDigest, connections, policy },
    ...accounts,
  });
  this.output.changed(changed, loginText);
}

/** One source address goes for all portals; several go with them in their order. */
function pathsOf({ portal = [], sourceIp = [] }: InitiatorLoginFlags): NewPath[] | undefined {
  if (sourceIp.length > 1 && sourceIp.length !== portal.length) {
    throw new ControlError(
      "usage",
      `${sourceIp.length} source addresses are given for ${portal.length} portals`,
      "give --source-ip once, or as often as --portal",
    );
  }
  if (portal.length === 0 && sourceIp.length > 0) {
    throw new ControlError(
      "usage",
      "a source address is given without a portal",
      "give the portal to reach from there with --portal",
    );
  }
  if (portal.length === 0) return undefined;
  return portal.map((each, i) => ({
    portal: each,
    sourceAddress: sourceIp.length === 1 ? sourceIp[0] : sourceIp[i],
  }));
}

function loginText({ target, sessions, devices }: LoginFacts): string {
  const parts = [`logged in to ${target}`, table(sessions, sessionColumns)];
  if (devices.length > 0) parts.push(table(devices, deviceColumns));
  return parts.join("\n\n");
}
