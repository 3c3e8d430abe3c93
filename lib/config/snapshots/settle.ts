/** Puts in order what a crash has left of work on snapshots, before their disks are opened. */
import { ControlError } from "../control_error.ts";
import type { DeclaredState } from "../schema.ts";
import type { StateKeeper } from "../state_keeper.ts";
import { filesOfDisk } from "./child_path.ts";
import { chainOf, withChain, without } from "./find_snapshot.ts";
import { merged } from "./merged.ts";

/** Whether anything was left. */
export function isUnsettled(state: DeclaredState): boolean {
  return state.disks.some((disk) => {
    const { unfinished, merge } = chainOf(disk);
    return unfinished !== undefined || merge !== undefined;
  });
}

/** To be called when no disk that is unsettled is open, and no other work is going on. */
export async function settle(keeper: StateKeeper): Promise<void> {
  if (!isUnsettled(await keeper.state())) return;
  await keeper.exchange([], {
    run: async (state) => ({ state: await settled(keeper, state), notices: [] }),
    async undo() {},
  });
}

async function settled(keeper: StateKeeper, state: DeclaredState): Promise<DeclaredState> {
  const { chainFilesOf } = await import("./chain_files.ts");
  const files = chainFilesOf(keeper);
  const named = new Set(state.disks.flatMap(filesOfDisk));
  for (const { uuid, chain } of state.disks) {
    if (chain?.merge !== undefined) {
      const { parent, child, replacing } = chain.merge;
      if (replacing) {
        if (!await succeeds(() => files.replaceChild(parent, child))) continue;
        state = merged(state, uuid, chain.merge);
      } else {
        // It begins anew. Until then the disks of others, which lie on these, can be opened too.
        if (!await succeeds(() => files.restoreTime(parent, child))) continue;
        state = withChain(state, uuid, (each) => without(each, "merge"));
      }
    }
    if (chain?.unfinished !== undefined) {
      const { unfinished } = chain;
      if (!named.has(unfinished) && !await succeeds(() => files.remove(unfinished))) continue;
      state = withChain(state, uuid, (each) => without(each, "unfinished"));
    }
  }
  return state;
}

/** What cannot be done now, since files cannot be reached, is done another time. */
async function succeeds(action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (error instanceof ControlError) return false;
    throw error;
  }
}
