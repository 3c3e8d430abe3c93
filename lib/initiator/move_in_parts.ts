/** A transfer in as many commands as it takes, all of them at once. */

export type MovePart = (offset: number, octets: Uint8Array) => Promise<void>;

/** `most` are the octets of one command. */
export function moveInParts(
  offset: number,
  octets: Uint8Array,
  most: number,
  move: MovePart,
): Promise<void> {
  if (octets.length <= most) return move(offset, octets);
  const parts: Promise<void>[] = [];
  for (let at = 0; at < octets.length; at += most) {
    parts.push(move(offset + at, octets.subarray(at, at + most)));
  }
  return settled(parts);
}

/** Waits for all, so that no buffer is in use any more, and then fails with the first failure. */
async function settled(parts: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(parts);
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
