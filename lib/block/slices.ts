/**
 * Long work in slices: between two of them the event loop turns, so that no other session, and no
 * NOP, waits for the whole, and an aborted task stops.
 */

/** Octets of a slice that goes through memory. */
export const SLICE_LENGTH = 256 << 10;

/** Octets of a slice that is unmapped: whole blocks of every disk format. */
export const UNMAP_SLICE_LENGTH = 16 << 20;

export interface Slice {
  readonly offset: number;
  readonly length: number;
}

/**
 * Cuts a range of the device at multiples of `most`. It stops when the task is aborted, so whoever
 * goes on behind it looks at `aborted` first.
 */
export async function* slices(
  task: { readonly aborted: boolean },
  offset: number,
  length: number,
  most = SLICE_LENGTH,
): AsyncGenerator<Slice> {
  const end = offset + length;
  while (offset < end && !task.aborted) {
    const next = Math.min(end, offset - offset % most + most);
    yield { offset, length: next - offset };
    offset = next;
    if (offset < end) await turn();
  }
}

/** Slices that go on in one turn of the event loop, however many commands there are to go on. */
const SLICES_OF_A_TURN = 4;

const waiting: (() => void)[] = [];

/**
 * Lets the event loop turn, once at least; those that wait go on in the order in which they came.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(goOn);
  });
}

function goOn(): void {
  for (const resolve of waiting.splice(0, SLICES_OF_A_TURN)) resolve();
  if (waiting.length > 0) setImmediate(goOn);
}
