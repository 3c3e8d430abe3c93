import type { TargetFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import type { TargetDeleteFlags } from "../routes/target.ts";

export default async function (
  this: Context,
  { force, yes }: TargetDeleteFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  await this.confirm(lossOf(await control.showTarget(name)), yes);
  const changed = await control.deleteTarget(name, { force });
  this.output.changed(changed, (target) => `target ${target.name} deleted`);
}

function lossOf({ name, iqn, sessions }: TargetFacts): string {
  const target = `target ${name} (${iqn}) is deleted with its access list`;
  if (sessions === 0) return target;
  const open = sessions === 1 ? "1 session is" : `${sessions} sessions are`;
  return `${target}; ${open} open, and initiators lose its disks at once`;
}
