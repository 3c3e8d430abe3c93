import { called, report, scopeOf, userOf } from "../chap.ts";
import type { Context } from "../context.ts";
import type { TargetChapFlags } from "../routes/target_chap.ts";
import { readSecret } from "../secret.ts";

export default async function (
  this: Context,
  flags: TargetChapFlags,
  name?: string,
): Promise<void> {
  const scope = scopeOf(name, flags);
  const user = userOf(flags);
  const control = await this.control();
  // Nobody types a secret for a target that is not there.
  if (scope !== undefined) await control.showTarget(scope);
  if (user === undefined) {
    const changed = await control.setChap(scope, undefined);
    return report(this, changed, undefined, () => `${called(scope)} asks for no proof`);
  }
  const { longSecret, algorithms, generate } = flags;
  const secret = await readSecret(this, flags);
  const changed = await control.setChap(scope, { user, secret, longSecret, algorithms });
  const sentence = `${called(scope)} asks initiators to prove by CHAP that they are ${user}`;
  report(this, changed, generate ? secret : undefined, () => sentence);
}
