/** Octets that a file takes on its file system; null where there is none, or it cannot be told. */
export async function allocatedOctets(path: string | null): Promise<number | null> {
  if (path === null) return null;
  try {
    const { blocks } = await Deno.stat(path);
    return blocks === null ? null : blocks * 512;
  } catch {
    // Its state says why it cannot be reached.
    return null;
  }
}
