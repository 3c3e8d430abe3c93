/** The policies that there are. */
import { failOverOnly } from "./policies/fail_over_only.ts";
import { leastBlocks } from "./policies/least_blocks.ts";
import { leastQueueDepth } from "./policies/least_queue_depth.ts";
import { roundRobin } from "./policies/round_robin.ts";
import { roundRobinWithSubset } from "./policies/round_robin_with_subset.ts";
import { weightedPaths } from "./policies/weighted_paths.ts";
import type { MakePolicy } from "./policy.ts";

export const POLICIES = {
  "fail-over-only": failOverOnly,
  "round-robin": roundRobin,
  "round-robin-with-subset": roundRobinWithSubset,
  "least-queue-depth": leastQueueDepth,
  "weighted-paths": weightedPaths,
  "least-blocks": leastBlocks,
} as const satisfies Readonly<Record<string, MakePolicy>>;

export type PolicyName = keyof typeof POLICIES;

export const DEFAULT_POLICY: PolicyName = "fail-over-only";
