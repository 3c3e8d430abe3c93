import type { Context } from "../context.ts";
import type { InitiatorForceFlags } from "../routes/initiator.ts";

/** Numbers name sessions; no iSCSI name is one. */
const SESSION = /^\d+$/;

export default async function (
  this: Context,
  { force }: InitiatorForceFlags,
  which: string,
): Promise<void> {
  const control = await this.initiator();
  const choice = SESSION.test(which) ? { session: which } : { target: which };
  const changed = await control.logOut({ ...choice, force });
  this.output.changed(changed, (ended) =>
    ended.map(({ target, sessions }) => {
      const what = sessions.length === 1 ? "session" : "sessions";
      return `logged out of ${target} (${what} ${sessions.join(", ")})`;
    }).join("\n"));
}
