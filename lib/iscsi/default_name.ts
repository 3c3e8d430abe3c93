/** The iSCSI name of a node that was given none. */

/** What default iSCSI names of this host begin with. */
export function iqnBaseOf(hostname: string): string {
  const host = hostname.toLowerCase().replace(/[^a-z0-9.-]+/g, "-").replace(/^[.-]+|[.-]+$/g, "");
  return `iqn.2026-11.io.sanctl:${host.slice(0, 100) || "host"}`;
}
