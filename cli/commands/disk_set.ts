import { ControlError } from "../../lib/config/control_error.ts";
import type { DiskFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import type { DiskSetFlags } from "../routes/disk.ts";

export default async function (
  this: Context,
  { name: newName, description, shared, readOnly }: DiskSetFlags,
  name: string,
): Promise<void> {
  const changes = { name: newName, description, shared, readOnly };
  if (Object.values(changes).every((change) => change === undefined)) {
    const nextStep = "give --name, --description, --shared or --read-only";
    throw new ControlError("usage", `nothing to change about disk ${name}`, nextStep);
  }
  const control = await this.control();
  this.output.changed(await control.setDisk(name, changes), sentence);
}

function sentence({ name, shared, assignments }: DiskFacts): string {
  const isReadOnly = assignments.length > 0 && assignments.every(({ readOnly }) => readOnly);
  const traits = [shared ? "shared" : "", isReadOnly ? "read-only" : ""].filter((it) => it !== "");
  return [`disk ${name} changed`, traits.join(", ")].filter((it) => it !== "").join(": ");
}
