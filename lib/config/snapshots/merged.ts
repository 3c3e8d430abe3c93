/** The state once a file has taken the place of the one on it. */
import type { DeclaredChain, DeclaredState } from "../schema.ts";
import { withChain, without } from "./find_snapshot.ts";

export function merged(
  state: DeclaredState,
  uuid: string,
  { parent, child }: NonNullable<DeclaredChain["merge"]>,
): DeclaredState {
  return withChain(state, uuid, (chain, disk) => {
    const gone = chain.snapshots.find(({ path }) => path === parent);
    const under = gone?.parent === undefined ? {} : { parent: gone.parent };
    const snapshots = chain.snapshots.filter((each) => each !== gone).map((each) => {
      if (each.path !== child) return each;
      const { parent: _, ...rest } = each;
      return { ...rest, ...under };
    });
    const rest = { ...without(chain, "merge"), snapshots };
    return disk.path === child ? { ...without(rest, "parent"), ...under } : rest;
  });
}
