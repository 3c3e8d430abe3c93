/** What is measured of NBD servers, all of it by QEMU's block layer. */
import { qemuBench, qemuWrite, type Row, SPREAD_4K, SPREAD_64K } from "./rows.ts";

const KIB = 1024;
const MIB = 1 << 20;

export const NBD_ROWS: readonly Row[] = [
  {
    name: "nbd: 4 KiB spread read, depth 1",
    folios: "small",
    load: qemuBench(4 * KIB, 1, SPREAD_4K),
  },
  {
    name: "nbd: 4 KiB spread read, depth 32",
    folios: "small",
    load: qemuBench(4 * KIB, 32, SPREAD_4K),
  },
  {
    name: "nbd: 64 KiB spread read, depth 32",
    folios: "large",
    load: qemuBench(64 * KIB, 32, SPREAD_64K),
  },
  {
    name: "nbd: 1 MiB sequential read, depth 8",
    folios: "large",
    load: qemuBench(MIB, 8, []),
  },
  {
    name: "nbd: 4 KiB spread write, depth 32",
    folios: "small",
    load: qemuWrite(4 * KIB, 32, SPREAD_4K),
  },
  {
    name: "nbd: 64 KiB spread write, depth 32",
    folios: "large",
    load: qemuWrite(64 * KIB, 32, SPREAD_64K),
  },
  {
    name: "nbd: 1 MiB sequential write, depth 8",
    folios: "large",
    load: qemuWrite(MIB, 8),
  },
];
