/** Names a file, unless the name is taken. */
export async function nameExclusively(temporary: string, path: string): Promise<void> {
  try {
    // A second name for it, since renaming would replace another file without a word.
    await Deno.link(temporary, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    return await renameExclusively(temporary, path);
  }
  await Deno.remove(temporary);
}

/**
 * For file systems that know no second names: nearly as good, as long as nobody else names one now.
 */
async function renameExclusively(temporary: string, path: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await Deno.rename(temporary, path);
  }
  throw Object.assign(new Deno.errors.AlreadyExists(`${path} exists`), { code: "EEXIST" });
}
