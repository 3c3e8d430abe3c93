import type { PolicyName } from "../../lib/initiator/multipath/policies.ts";
import type { Context } from "../context.ts";
import type { InitiatorPolicyFlags } from "../routes/initiator.ts";

export default async function (
  this: Context,
  { subset, weight, preferred }: InitiatorPolicyFlags,
  device: string,
  policy: PolicyName,
): Promise<void> {
  const control = await this.initiator();
  const weights = weight === undefined ? undefined : Object.fromEntries(weight);
  const changed = await control.setPolicy(device, policy, { subset, weights, preferred });
  this.output.changed(changed, (facts) => {
    const active = facts.paths.filter(({ state }) => state === "active").map(({ name }) => name);
    return `device ${facts.name} uses ${facts.policy}; active: ${active.join(", ") || "none"}`;
  });
}
