import type { Context } from "../context.ts";
import type { DiskDetachFlags } from "../routes/disk.ts";

export default async function (
  this: Context,
  { force, yes }: DiskDetachFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  const { attached } = await control.showDisk(name);
  if (force && attached !== null && attached.clients + attached.mounts.length > 0) {
    const where = attached.mounts.length === 0
      ? "in use"
      : `mounted at ${attached.mounts.join(", ")}`;
    await this.confirm(
      `disk ${name} is ${where}: programs that have files of it open lose it`,
      yes,
    );
  }
  const changed = await control.detachDisk(name, { force });
  this.output.changed(changed, (disk) => `disk ${disk.name} is flushed and detached`);
}
