import type { Context } from "../context.ts";
import type { DiskAssignFlags } from "../routes/disk.ts";

export default async function (
  this: Context,
  { lun, readOnly, shared }: DiskAssignFlags,
  name: string,
  target: string,
): Promise<void> {
  const control = await this.control();
  const changed = await control.assignDisk(name, target, { lun, readOnly, shared });
  this.output.changed(changed, (disk) => {
    const made = disk.assignments.find((assignment) => assignment.target === target);
    const access = made?.readOnly ? ", read-only" : "";
    return `disk ${disk.name} is LUN ${made?.lun} of target ${target}${access}`;
  });
}
