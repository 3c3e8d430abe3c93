/** Opens a remote LUN for as long as its disk is in use: a session of its own, ended with it. */
import type { ChapAccounts } from "./chap.ts";
import { chapAuthentication } from "./chap.ts";
import { type KeepOptions, KeptSession } from "./kept_session.ts";
import type { InitiatorNode } from "./node.ts";
import { RemoteDisk } from "./remote_disk.ts";

export interface OpenRemoteDiskOptions extends KeepOptions {
  readonly lun: number;
  readonly chap?: ChapAccounts | undefined;
  readonly readOnly?: boolean;
}

/** One try must do to log in; afterwards a session that is lost is tried for, as ever. */
export async function openRemoteDisk(
  node: InitiatorNode,
  { lun, chap, readOnly = false, ...options }: OpenRemoteDiskOptions,
): Promise<RemoteDisk> {
  const authentication = chap === undefined ? undefined : chapAuthentication(node, chap);
  const kept = new KeptSession(node, { authentication, firstPatienceMs: 0, ...options });
  try {
    await kept.start();
    const release = () => kept.close();
    return await RemoteDisk.open(kept.unit(lun), { readOnly, release });
  } catch (error) {
    await kept.close();
    throw error;
  }
}
