/** Arguments of several of the initiator's verbs. */
import type { InitiatorControl } from "../../lib/initiator_service/control.ts";
import type { Context } from "../context.ts";

export const TARGET_IQN_ARGUMENT = {
  brief: "The target's iSCSI name",
  placeholder: "TARGET",
  parse: String,
  proposeCompletions(this: Context) {
    return proposed(
      this,
      async (control) => (await control.listTargets()).map(({ iqn }) => iqn),
    );
  },
} as const;

export const DEVICE_ARGUMENT = {
  brief: "A device, as sanctl initiator devices shows it",
  placeholder: "DEVICE",
  parse: String,
  proposeCompletions(this: Context) {
    return proposed(this, async (control) => (await control.devices()).map(({ name }) => name));
  },
} as const;

/** What a shell may complete a name to; nothing where that cannot be known. */
async function proposed(
  context: Context,
  list: (control: InitiatorControl) => Promise<string[]>,
): Promise<string[]> {
  try {
    return await list(await context.initiator());
  } catch {
    return [];
  }
}
