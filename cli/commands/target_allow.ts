import { ControlError } from "../../lib/config/control_error.ts";
import type { Control } from "../../lib/config/control.ts";
import { allowed } from "../allowed.ts";
import type { Choice } from "../choose.ts";
import type { Context } from "../context.ts";
import { visitorChoices } from "../visitor_choices.ts";

/** Initiators that an error lists. */
const MOST_LISTED = 5;

export default async function (
  this: Context,
  _flags: Record<never, never>,
  ...operands: string[]
): Promise<void> {
  const [name, ...ids] = operands as [string, ...string[]];
  const control = await this.control();
  const chosen = ids.length > 0 ? ids : await choose(this, control, name);
  const changed = await control.allow(name, chosen);
  this.output.changed(changed, ({ name, allow }) => `target ${name} allows ${allowed(allow)}`);
}

/** Offers those that came by, where somebody is there to choose. */
async function choose(
  context: Context,
  control: Control,
  name: string,
): Promise<readonly string[]> {
  const target = await control.showTarget(name);
  const choices = visitorChoices(await control.initiators(), target, new Date());
  if (choices.length === 0 || !context.terminal) throw nobodyNamed(name, choices);
  const chosen = await context.choose(`Which initiators may log in to ${name}?`, choices);
  if (chosen.length > 0) return chosen;
  throw new ControlError("failed", "nothing was changed: no initiator was chosen");
}

function nobodyNamed(name: string, choices: readonly Choice[]): ControlError {
  const forms = `sanctl target allow ${name} ID, as iqn:NAME, dns:HOST, ip:ADDRESS, mac:ADDRESS`;
  if (choices.length === 0) {
    const message = "no initiator is named, and no other came by in the last seven days";
    return new ControlError("usage", message, `name one: ${forms} or any`);
  }
  const listed = choices.slice(0, MOST_LISTED).map(({ value }) => value);
  const rest = choices.length - listed.length;
  const more = rest > 0 ? ` and ${rest} more: sanctl target initiators` : "";
  return new ControlError(
    "usage",
    `no initiator is named for target ${name}`,
    `these came by lately: ${listed.join(" ")}${more}`,
  );
}
