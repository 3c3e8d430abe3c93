/** Makes durable that a file in the directory was created, renamed or removed. fsync(2). */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directory as a file, and keeps its metadata in order by itself.
  if (Deno.build.os === "windows") return;
  using opened = await Deno.open(directory);
  await opened.sync();
}
