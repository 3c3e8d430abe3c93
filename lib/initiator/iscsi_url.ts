/**
 * A remote LUN as a URL, as libiscsi and QEMU write it:
 * `iscsi://[USER[%SECRET]@]HOST[:PORT]/TARGET/LUN`.
 */
import { isName, normaliseName } from "../iscsi/name.ts";
import { parseTargetAddress, type PortalAddress } from "../iscsi/portal_address.ts";

export const ISCSI_URL_FORM = "iscsi://[USER[%SECRET]@]HOST[:PORT]/TARGET/LUN";

export interface IscsiUrl {
  readonly portal: PortalAddress;
  readonly targetName: string;
  readonly lun: number;
  readonly user: string | undefined;
  readonly secret: string | undefined;
}

const FORM = /^iscsi:\/\/(?:([^@%/]+)(?:%([^@]*))?@)?([^@/]+)\/([^/]+)\/([0-9]{1,5})$/i;

/** The highest that flat space addressing has. SAM-5 4.7. */
const MOST_LUN = 0x3fff;

/** Undefined where it is none. */
export function parseIscsiUrl(url: string): IscsiUrl | undefined {
  const match = FORM.exec(url);
  if (match === null) return undefined;
  const [, user, secret, place, name, lunText] = match;
  const portal = parseTargetAddress(place!);
  const targetName = unescaped(name!);
  const lun = Number(lunText);
  if (portal === undefined || portal.portalGroupTag !== undefined) return undefined;
  if (targetName === undefined || !isName(targetName) || lun > MOST_LUN) return undefined;
  return {
    portal: { host: portal.host, port: portal.port },
    targetName: normaliseName(targetName),
    lun,
    user,
    secret,
  };
}

/** A name may have its colons escaped. */
function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
