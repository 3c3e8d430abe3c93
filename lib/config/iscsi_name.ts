/** iSCSI names as an operator writes them. RFC 7143 4.2.7. */

/** The longest iSCSI name, in octets. RFC 7143 4.2.7.1. */
const MOST_OCTETS = 223;

const LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const IQN = new RegExp(
  `^iqn\\.[0-9]{4}-(?:0[1-9]|1[0-2])\\.${LABEL}(?:\\.${LABEL})*(?::[a-z0-9.:-]+)?$`,
);
const EUI = /^eui\.[0-9a-f]{16}$/;
const NAA = /^naa\.(?:[0-9a-f]{16}|[0-9a-f]{32})$/;

/** What a refused name should have looked like. */
export const ISCSI_NAME_FORM =
  "iqn.YYYY-MM.DOMAIN:NAME, such as iqn.1991-05.com.microsoft:mail1; or eui. or naa. and hex digits";

/** The name in normal form (small letters), or undefined where it is none. */
export function parseIscsiName(text: string): string | undefined {
  // The characters admitted are ASCII, for which the mapping of RFC 3722 is to small letters.
  const name = text.toLowerCase();
  if (name.length > MOST_OCTETS) return undefined;
  return IQN.test(name) || EUI.test(name) || NAA.test(name) ? name : undefined;
}

/** What default iSCSI names of this host begin with. */
export function iqnBaseOf(hostname: string): string {
  const host = hostname.toLowerCase().replace(/[^a-z0-9.-]+/g, "-").replace(/^[.-]+|[.-]+$/g, "");
  return `iqn.2026-11.io.sanctl:${host.slice(0, 100) || "host"}`;
}

/** The iSCSI name of a target that was given none. */
export function defaultIqn(iqnBase: string, targetName: string): string {
  // Underscores may stand in our names; RFC 3722 admits none in an iSCSI name.
  return `${iqnBase}:${targetName.replaceAll("_", "-")}`;
}
