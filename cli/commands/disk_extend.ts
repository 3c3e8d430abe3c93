import type { Context } from "../context.ts";
import type { DiskExtendFlags } from "../routes/disk.ts";
import { formatSize } from "../size.ts";

export default async function (
  this: Context,
  { by, to }: DiskExtendFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  const before = (await control.showDisk(name)).size;
  const bar = this.progress(`extending ${name}`);
  try {
    const changed = await control.extendDisk(
      name,
      { by, to },
      (progress) => bar.update(progress),
      this.signal,
    );
    bar.end();
    this.output.changed(
      changed,
      ({ name, size }) =>
        `disk ${name} extended: ${formatSize(size)} (it had ${formatSize(before)})`,
    );
  } finally {
    bar.end();
  }
}
