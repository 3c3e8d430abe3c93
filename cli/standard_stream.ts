/** `-` in the place of a file: standard input or output, as everywhere. */
export const STANDARD_STREAM = "-";

/** Whether no file of its own is meant: `-`, or none at all. */
export function isStandardStream(
  file: string | undefined,
): file is undefined | typeof STANDARD_STREAM {
  return file === undefined || file === STANDARD_STREAM;
}
