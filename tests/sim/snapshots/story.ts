/** What an operator does with snapshots and backups, in any order and with mistakes. */
import fc from "fast-check";

export type Step =
  | { readonly verb: "write"; readonly disk: string; readonly at: number; readonly value: number }
  | { readonly verb: "create"; readonly disks: readonly string[]; readonly group: boolean }
  | { readonly verb: "delete"; readonly which: number; readonly wait: boolean }
  | {
    readonly verb: "rollBack" | "restoreOver";
    readonly which: number;
    readonly discard: boolean;
  }
  | { readonly verb: "attach"; readonly which: number; readonly writable: boolean }
  | { readonly verb: "detach"; readonly which: number }
  | { readonly verb: "backUp"; readonly disk: string; readonly keep: number | undefined }
  | { readonly verb: "prune"; readonly disk: string; readonly keep: number }
  | { readonly verb: "extend"; readonly disk: string }
  | { readonly verb: "restart" };

export const DISKS = ["a", "b"] as const;
/** Places that are written to: in one block, in one chunk of it, and far from one another. */
export const PLACES = [0, 4096, 1 << 18, (2 << 20) - 4096, 2 << 20, 5 << 20] as const;

const disk = fc.constantFrom(...DISKS);
/** One of those that there are, whatever their number. */
const which = fc.nat(7);
const flag = fc.boolean();

function step<V extends Step["verb"]>(verb: V, values: Record<string, fc.Arbitrary<unknown>>) {
  return fc.record({ verb: fc.constant(verb), ...values }) as unknown as fc.Arbitrary<Step>;
}

const ROWS: readonly (readonly [weight: number, step: fc.Arbitrary<Step>])[] = [
  [
    10,
    step("write", {
      disk,
      at: fc.constantFrom(...PLACES),
      value: fc.integer({ min: 1, max: 255 }),
    }),
  ],
  [5, step("create", { disks: fc.uniqueArray(disk, { minLength: 1 }), group: flag })],
  [4, step("delete", { which, wait: flag })],
  [2, step("rollBack", { which, discard: flag })],
  [1, step("attach", { which, writable: flag })],
  [1, step("detach", { which })],
  [
    3,
    step("backUp", { disk, keep: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }) }),
  ],
  [1, step("restoreOver", { which, discard: flag })],
  [2, step("prune", { disk, keep: fc.integer({ min: 1, max: 3 }) })],
  [1, step("extend", { disk })],
  [1, step("restart", {})],
];

export const story: fc.Arbitrary<readonly Step[]> = fc.noBias(fc.array(
  fc.oneof(...ROWS.map(([weight, arbitrary]) => ({ weight, arbitrary }))),
  { minLength: 8, maxLength: 24, size: "max" },
));
