import { allowed } from "../allowed.ts";
import type { Context } from "../context.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  ...operands: string[]
): Promise<void> {
  const [name, ...ids] = operands as [string, ...string[]];
  const control = await this.control();
  const changed = await control.allow(name, ids);
  this.output.changed(changed, ({ name, allow }) => `target ${name} allows ${allowed(allow)}`);
}
