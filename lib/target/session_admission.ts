/** Whether those who are logged in could log in again as things are now. */
import { accessRequest } from "./login_admission.ts";
import type { Session } from "./session.ts";
import type { Target } from "./target.ts";

/** True where the target still admits the initiator, from each address that it came from. */
export function isAdmitted({ initiatorName, connections }: Session, { access }: Target): boolean {
  for (const { endpoint } of connections.values()) {
    if (!access.admits(accessRequest(initiatorName, endpoint))) return false;
  }
  return true;
}
