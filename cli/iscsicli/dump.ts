/** Octets as iscsicli shows them: sixteen a row, as hexadecimal digits and as text. */

const ROW_LENGTH = 16;

export function dumpRows(octets: Uint8Array, spacer: string): string[] {
  const rows: string[] = [];
  for (let at = 0; at < octets.length; at += ROW_LENGTH) {
    const row = octets.subarray(at, at + ROW_LENGTH);
    const digits = [...row].map((octet) => `${octet.toString(16).padStart(2, "0")} `).join("");
    const text = [...row].map(printable).join("");
    rows.push(`${spacer}${digits.padEnd(3 * ROW_LENGTH)}    ${text}`);
  }
  return rows;
}

function printable(octet: number): string {
  return octet > 0x20 && octet < 0x7f ? String.fromCharCode(octet) : ".";
}
