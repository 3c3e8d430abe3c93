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
  if (memory !== undefined && (flags.sparse || flags.type !== undefined)) {
    const nextStep = "leave out --type and --sparse";
    throw new ControlError("usage", `disk ${file} is in memory and has no file`, nextStep);
  }
  const control = await this.control();
  const bar = this.progress(`creating ${file}`);
  try {
    const changed = await control.createDisk(
      {
        path: memory === undefined ? absolute(file) : undefined,
        memory,
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
