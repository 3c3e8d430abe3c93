/** The control of what is declared of an initiator that no service keeps. */
import type { InitiatorControl } from "./control.ts";
import { KeptInitiatorControl } from "./kept_initiator_control.ts";
import { OfflineInitiatorKeeper } from "./offline_keeper.ts";

export function offlineInitiatorControl(directory: string): InitiatorControl {
  return new KeptInitiatorControl(new OfflineInitiatorKeeper(directory));
}
