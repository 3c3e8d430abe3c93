import type { Context } from "../context.ts";
import type { TargetCreateFlags } from "../routes/target.ts";

export default async function (
  this: Context,
  { iqn, description, allow }: TargetCreateFlags,
  name: string,
): Promise<void> {
  const control = await this.control();
  const changed = await control.createTarget({ name, iqn, description, allow });
  this.output.changed(changed, (target) => `target ${target.name} created: ${target.iqn}`);
}
