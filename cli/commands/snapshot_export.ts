import { absolute } from "../../lib/config/state_directory.ts";
import type { Context } from "../context.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  name: string,
  file: string,
): Promise<void> {
  const control = await this.control();
  const bar = this.progress(`exporting ${name}`);
  try {
    const changed = await control.snapshots.export(name, absolute(file), {
      onProgress: (progress) => bar.update(progress),
      signal: this.signal,
    });
    bar.end();
    this.output.changed(changed, ({ name }) => `snapshot ${name} exported to ${file}`);
  } finally {
    bar.end();
  }
}
