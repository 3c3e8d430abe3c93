/** What is declared of a device once another policy is asked for. */
import { ControlError } from "../config/control_error.ts";
import { POLICIES } from "../initiator/multipath/policies.ts";
import type { PolicyName, PolicyOptions } from "./control.ts";
import type { RunningDevice } from "./running_device.ts";
import type { DeclaredDevice } from "./schema.ts";

const MOST_WEIGHT = 1_000_000;

/** What is not asked for stays as it is. */
export function policyOf(
  device: RunningDevice,
  policy: PolicyName,
  { subset, weights, preferred }: PolicyOptions,
): DeclaredDevice {
  if (!Object.hasOwn(POLICIES, policy)) {
    const names = Object.keys(POLICIES).join(", ");
    throw new ControlError("usage", `there is no policy ${policy}`, `use one of ${names}`);
  }
  const { declared } = device;
  return {
    ...declared,
    policy,
    ...(subset === undefined ? {} : { subset: subset.map((each) => pathName(device, each)) }),
    ...(preferred === undefined ? {} : { preferred: pathName(device, preferred) }),
    ...(weights === undefined ? {} : { weights: weightsOf(device, weights) }),
  };
}

function weightsOf(
  device: RunningDevice,
  weights: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(weights).map(([path, weight]) => {
      if (!Number.isInteger(weight) || weight < 0 || weight > MOST_WEIGHT) {
        const next = `use a whole number up to ${MOST_WEIGHT}; less is better`;
        throw new ControlError("usage", `path ${path} cannot weigh ${weight}`, next);
      }
      return [pathName(device, path), weight];
    }),
  );
}

/** A path by its own name, its session's, or its portal. */
function pathName(device: RunningDevice, text: string): string {
  for (const { name, session, portal } of device.facts().paths) {
    const names = [name, session, portal.address, `${portal.address}:${portal.port}`];
    if (names.includes(text)) return name;
  }
  throw new ControlError(
    "not-found",
    `device ${device.name} has no path ${text}`,
    "see its paths: sanctl initiator devices --long",
  );
}
