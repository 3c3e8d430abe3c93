import { ControlError } from "../../lib/config/control_error.ts";
import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";
import { blockLengthOf } from "../parameters.ts";
import type { DiskCreateFlags } from "../routes/disk.ts";
import { formatSize } from "../size.ts";

const MEMORY = "mem:";

export default async function (
  this: Context,
  flags: DiskCreateFlags,
  file: string,
): Promise<void> {
  const memory = file.startsWith(MEMORY) ? file.slice(MEMORY.length) : undefined;
  const isOfFile = flags.sparse || flags.type !== undefined || flags.parent !== undefined;
  if (memory !== undefined && isOfFile) {
    const nextStep = "leave out --type, --parent and --sparse";
    throw new ControlError("usage", `disk ${file} is in memory and has no file`, nextStep);
  }
  if (flags.size === undefined && flags.parent === undefined) {
    throw new ControlError("usage", "--size needs a value", "give one, such as --size 20G");
  }
  const control = await this.control();
  const bar = this.progress(`creating ${file}`);
  try {
    const changed = await control.createDisk(
      {
        path: memory === undefined ? absolute(file) : undefined,
        memory,
        type: flags.type,
        parent: flags.parent === undefined ? undefined : absolute(flags.parent),
        size: flags.size,
        sparse: flags.sparse,
        name: flags.name,
        target: flags.target,
        shared: flags.shared,
        description: flags.description,
        logicalBlockLength: blockLengthOf(flags.logicalBlock),
        physicalBlockLength: blockLengthOf(flags.physicalBlock),
        removable: flags.removable,
      },
      (progress) => bar.update(progress),
      this.signal,
    );
    bar.end();
    this.output.changed(changed, ({ name, size, assignments }) => {
      const where = assignments.map(({ target, lun }) => `, LUN ${lun} of target ${target}`);
      return `disk ${name} created: ${formatSize(size)}${where.join("")}`;
    });
  } finally {
    bar.end();
  }
}
