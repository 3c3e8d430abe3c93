/** Ends what is left of another session at its target: by a login under its ISID. */
import type { KeptSession } from "../kept_session.ts";
import { logIn } from "../log_in.ts";

/**
 * Logs in where `kept` is, and out again. Answers the target portal group: in that group nobody has
 * the ISID any more. RFC 7143 6.3.5.
 */
export async function logInAs(kept: KeptSession, isid: Uint8Array): Promise<number | undefined> {
  const { node, options, portal } = kept;
  const { session } = await logIn(node, { ...options, portal, isid });
  const { targetPortalGroupTag } = session;
  await session.logout();
  return targetPortalGroupTag;
}
