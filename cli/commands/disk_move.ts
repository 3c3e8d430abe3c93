import type { Context } from "../context.ts";
import type { DiskMoveFlags } from "../routes/disk.ts";

export default async function (
  this: Context,
  { from, lun, force, yes }: DiskMoveFlags,
  name: string,
  target: string,
): Promise<void> {
  const control = await this.control();
  if (force) {
    const source = from === undefined ? "its target" : `target ${from}`;
    const loss = `disk ${name} is taken from ${source}; initiators that use it lose it at once`;
    await this.confirm(loss, yes);
  }
  const changed = await control.moveDisk(name, target, { from, lun, force });
  this.output.changed(changed, (disk) => {
    const made = disk.assignments.find((assignment) => assignment.target === target);
    return `disk ${disk.name} is LUN ${made?.lun} of target ${target}`;
  });
}
