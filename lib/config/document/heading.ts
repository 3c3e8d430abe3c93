/** What a document begins and ends with when we write it. */

const FIRST_LINE = "# A server of sanctl, as `sanctl apply -f FILE` takes it.";

export const HEADING = `${FIRST_LINE}
# What is left out of it stays as it is on the server. For an editor that completes and checks it,
# write the schema beside it: sanctl export --schema sanctl.schema.json
# yaml-language-server: $schema=sanctl.schema.json
`;

/**
 * The end marker of a YAML document, as our last line. A text cut short is often still YAML, with
 * less in it.
 */
export const END = "...";

/** Whether we wrote it, whatever was edited in it since. */
export function isOurs(text: string): boolean {
  return text.startsWith(FIRST_LINE);
}

/** Whether what we wrote has lost its end. */
export function isCutShort(text: string): boolean {
  return isOurs(text) && !text.trimEnd().endsWith(`\n${END}`);
}
