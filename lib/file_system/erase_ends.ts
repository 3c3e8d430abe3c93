/** Takes from a device what tells others what it holds: that is near its beginning, or its end. */
import type { BlockDevice } from "../block/device.ts";

/** Octets at each end in which every known table and file system has its signature. */
export const END_LENGTH = 1 << 20;

/** Zeros at both ends, on the medium when it resolves. `head` takes the place of the first. */
export async function eraseEnds(device: BlockDevice, head?: Uint8Array): Promise<void> {
  const length = Math.min(END_LENGTH, device.size);
  const zeros = new Uint8Array(length);
  if (device.size > length) {
    const tail = Math.min(length, device.size - length);
    await device.write(device.size - tail, zeros, 0, tail);
  }
  if (head !== undefined) zeros.set(head.subarray(0, length));
  await device.write(0, zeros, 0, length);
  await device.flush();
}
