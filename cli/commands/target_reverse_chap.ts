import { called, report, scopeOf, userOf } from "../chap.ts";
import type { Context } from "../context.ts";
import type { ChapFlags } from "../routes/target_chap.ts";
import { readSecret } from "../secret.ts";

export default async function (this: Context, flags: ChapFlags, name?: string): Promise<void> {
  const scope = scopeOf(name, flags);
  const user = userOf(flags);
  const control = await this.control();
  if (scope !== undefined) await control.showTarget(scope);
  if (user === undefined) {
    const changed = await control.setReverseChap(scope, undefined);
    return report(this, changed, undefined, () => `${called(scope)} proves nothing`);
  }
  const { longSecret, generate } = flags;
  const secret = await readSecret(this, flags);
  const changed = await control.setReverseChap(scope, { user, secret, longSecret });
  const sentence = `${called(scope)} proves by CHAP that it is ${user}`;
  report(this, changed, generate ? secret : undefined, () => sentence);
}
