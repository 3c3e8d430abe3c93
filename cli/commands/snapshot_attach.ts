import { attachedText } from "../attachment.ts";
import type { Context } from "../context.ts";
import type { SnapshotAttachFlags } from "../routes/snapshot.ts";

export default async function (
  this: Context,
  flags: SnapshotAttachFlags,
  snapshot: string,
): Promise<void> {
  const control = await this.control();
  const changed = await control.snapshots.attach(snapshot, flags);
  const how = flags.writable ? "a clone of it" : "read-only";
  this.output.changed(changed, ({ name, assignments, attached }) => {
    if (attached !== null) {
      const what = flags.writable ? `disk ${name}, a clone of` : `disk ${name}, which is`;
      return attachedText(`${what} snapshot ${snapshot},`, attached);
    }
    const where = assignments.map(({ target, lun }) => `LUN ${lun} of target ${target}`);
    return `snapshot ${snapshot} attached as disk ${name}, ${where.join(", ")}, ${how}`;
  });
}
