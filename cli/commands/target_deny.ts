import type { Context } from "../context.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  ...operands: string[]
): Promise<void> {
  const [name, ...ids] = operands as [string, ...string[]];
  const control = await this.control();
  const changed = await control.deny(name, ids);
  this.output.changed(changed, (target) => {
    const left = target.allow.length === 0 ? "nobody" : target.allow.join(" ");
    return `target ${target.name} allows ${left}`;
  });
}
