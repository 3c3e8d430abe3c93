import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import type { PersistentRemoveFlags } from "../routes/initiator_persistent.ts";

export default async function (
  this: Context,
  { portal }: PersistentRemoveFlags,
  target: string,
): Promise<void> {
  const control = await this.initiator();
  const changed = await control.removePersistent({ target, portal });
  const what = portal === undefined
    ? "the login"
    : `the path to ${formatAddress(portal)} in the login`;
  this.output.changed(changed, (facts) => `${what} to ${facts.target} is restored no more`);
}
