/** iSCSI names: iqn., eui. and naa., the same name in the same spelling. RFC 7143 4.2.7. */

/** Octets of a name at most. RFC 7143 4.2.7.1. */
export const NAME_LENGTH = 223;

const FORMS = [
  { prefix: "iqn.", example: "iqn.2026-01.com.example:disk1" },
  { prefix: "eui.", example: "eui.02004567a425678d" },
  { prefix: "naa.", example: "naa.52004567ba64678d" },
] as const;

/** 4.2.7.4: year and month in which the naming authority owned the domain, the domain reversed. */
const IQN = /^iqn\.[0-9]{4}-(0[1-9]|1[0-2])\.[^.:][^:]*(:.*)?$/;
/** 4.2.7.5. */
const EUI = /^eui\.[0-9a-f]{16}$/;
/** 4.2.7.6: 64 or 128 bits. */
const NAA = /^naa\.([0-9a-f]{16}|[0-9a-f]{32})$/;

/**
 * RFC 3722 allows letters, digits, dot, dash and colon. The underscore is let pass, since names
 * made of host names have it.
 */
const CHARACTERS = /^[\p{L}\p{M}\p{N}.:\-_]*$/u;

/** What is not the name of an iSCSI node. */
export class NameError extends Error {
  override readonly name = "NameError";
}

/** The one spelling of a name under which it is stored and compared. Throws NameError. */
export function normaliseName(text: string): string {
  const name = folded(text);
  const fault = faultOf(name);
  if (fault === undefined) return name;
  throw new NameError(`"${legible(text)}" is no iSCSI name: ${fault}`);
}

/** True if `normaliseName` takes it. */
export function isName(text: string): boolean {
  return faultOf(folded(text)) === undefined;
}

/** RFC 3722: without difference of case and of compatible characters. */
function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase().normalize("NFKC");
}

function faultOf(name: string): string | undefined {
  const length = new TextEncoder().encode(name).length;
  if (length > NAME_LENGTH) return `it has ${length} octets, and ${NAME_LENGTH} are the most`;
  if (!CHARACTERS.test(name)) return "only letters, digits, dot, dash and colon may be in it";
  if (IQN.test(name) || EUI.test(name) || NAA.test(name)) return undefined;
  const form = FORMS.find(({ prefix }) => name.startsWith(prefix)) ?? FORMS[0];
  return `it should look like ${form.example}`;
}

/** The start of what was given, safe to print. */
function legible(text: string): string {
  const printable = text.replaceAll(/[\p{C}]/gu, "?");
  return printable.length > 80 ? printable.slice(0, 80) + "…" : printable;
}
