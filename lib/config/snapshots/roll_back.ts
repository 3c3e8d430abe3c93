/** Makes a disk what it was: a new child of the snapshot's file takes the writes. */
import type { Outcome } from "../operations/outcome.ts";
import type { RollBackOptions } from "../snapshot_control.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { chainFilesOf } from "./chain_files.ts";
import { findSnapshot, requireKept } from "./find_snapshot.ts";
import { putBack } from "./put_back.ts";

export async function rollBack(
  keeper: StateKeeper,
  name: string,
  options: RollBackOptions,
  now: Date,
): Promise<{ disk: string; outcome: Outcome }> {
  const found = findSnapshot(await keeper.state(), name);
  requireKept(found);
  const files = chainFilesOf(keeper);
  const outcome = await putBack(keeper, found.disk, {
    ...options,
    now,
    what: `it was rolled back to ${name}`,
    async make(state, path) {
      const { disk, snapshot } = findSnapshot(state, name);
      const parent = snapshot.path;
      // A disk that was extended since stays as large.
      const size = await files.sizeOfDisk(disk.path!);
      await files.makeChild({ path, parent, size, force: found.chain.merge !== undefined });
      return { size, parent };
    },
  });
  return { disk: found.disk.name, outcome };
}
