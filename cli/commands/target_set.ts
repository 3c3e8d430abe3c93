import { ControlError } from "../../lib/config/control_error.ts";
import type { Context } from "../context.ts";
import type { TargetSetFlags } from "../routes/target.ts";

export default async function (
  this: Context,
  { name: newName, iqn, description, force, yes }: TargetSetFlags,
  name: string,
): Promise<void> {
  if (newName === undefined && iqn === undefined && description === undefined) {
    const nextStep = "give --name, --iqn or --description";
    throw new ControlError("usage", `nothing to change about target ${name}`, nextStep);
  }
  const control = await this.control();
  if (force) {
    const loss = `target ${name} changes its name under open sessions, which end with it`;
    await this.confirm(loss, yes);
  }
  const changed = await control.setTarget(name, { name: newName, iqn, description }, { force });
  this.output.changed(changed, (target) => `target ${target.name} changed: ${target.iqn}`);
}
