/**
 * Puts a file, into which its child has been copied, in the child's place: it gets the child's
 * unique id, time and name, by which the child's own children know it. So none of those is touched.
 */
import { dirname } from "node:path";
import { type FileStore, osFiles } from "../../block/file_store.ts";
import { findFooter, isFound, readable, readFooters } from "../../vhd/find_footer.ts";
import { emitFooter, type Footer } from "../../vhd/footer.ts";
import { FormatError } from "../../vhd/format_error.ts";
import { journalPath } from "../../vhd/journal.ts";
import { replaceBy } from "./replace_by.ts";

/** Interrupted anywhere, it is finished by doing it again. Nobody may have either file open. */
export async function takePlace(
  parent: string,
  child: string,
  files: FileStore = osFiles,
): Promise<void> {
  // All is flushed. What a loss of power brings back of journals would be taken for those of the
  // next files with these names.
  for (const path of [parent, child]) await files.remove(journalPath(path));
  await files.syncDirectory(dirname(parent));
  if (!await files.exists(parent)) return; // it has the child's name already
  const { uniqueId } = await footerOf(child, files);
  const modifiedAt = await files.modifiedAt(child);
  const file = await files.open(parent);
  try {
    const { tail, head, stranded } = readFooters(readable(file));
    // One after the other: whatever happens, one of them is whole.
    for (const place of [tail, head, stranded]) {
      if (!isFound(place)) continue;
      const octets = emitFooter({ ...place.footer, uniqueId });
      file.writeSync(place.at, octets, 0, octets.length);
      await file.sync();
    }
  } finally {
    file.close();
  }
  await replaceBy(parent, child, modifiedAt, files);
}

async function footerOf(path: string, files: FileStore): Promise<Footer> {
  const file = await files.open(path, { readOnly: true });
  try {
    const found = findFooter(readable(file));
    if (found !== undefined) return found.footer;
    throw new FormatError("no VHD: there is no footer at its end", { path, at: 0 });
  } finally {
    file.close();
  }
}
