import type { Context } from "../context.ts";
import type { DiskUnassignFlags } from "../routes/disk.ts";

export default async function (
  this: Context,
  { force, yes }: DiskUnassignFlags,
  name: string,
  target?: string,
): Promise<void> {
  const control = await this.control();
  if (force) {
    const from = target === undefined ? "all its targets" : `target ${target}`;
    const loss = `disk ${name} is taken from ${from}; initiators that use it lose it at once`;
    await this.confirm(loss, yes);
  }
  const changed = await control.unassignDisk(name, target, { force });
  this.output.changed(changed, (disk) => {
    const left = disk.assignments.map((it) => `target ${it.target}`).join(", ");
    return `disk ${disk.name} is assigned to ${left || "no target"}`;
  });
}
