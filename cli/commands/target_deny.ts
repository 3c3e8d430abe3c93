import { allowed } from "../allowed.ts";
import type { Context } from "../context.ts";
import type { TargetDenyFlags } from "../routes/target.ts";

export default async function (
  this: Context,
  { yes }: TargetDenyFlags,
  ...operands: string[]
): Promise<void> {
  const [name, ...ids] = operands as [string, ...string[]];
  const control = await this.control();
  const { sessions } = await control.showTarget(name);
  if (sessions > 0) await this.confirm(lossOf(name, sessions), yes);
  const changed = await control.deny(name, ids);
  this.output.changed(changed, ({ name, allow }) => `target ${name} allows ${allowed(allow)}`);
}

function lossOf(name: string, sessions: number): string {
  const open = sessions === 1 ? "1 session is" : `${sessions} sessions are`;
  return `${open} open on target ${name}; who may log in no more loses its disks`;
}
