import type { Context } from "../context.ts";

export default async function (
  this: Context,
  _flags: Record<never, never>,
  name?: string,
): Promise<void> {
  const control = await this.initiator();
  if (name === undefined) return this.output.facts(await control.show(), (facts) => facts.name);
  const changed = await control.setName(name);
  this.output.changed(changed, (facts) => `the initiator is called ${facts.name}`);
}
