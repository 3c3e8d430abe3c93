/** Small disks in files of memory, each damaged in one way. */
import { checksum } from "../../../../lib/vhd/checksum.ts";
import { fixedFooter } from "../../../../lib/vhd/fixed.ts";
import { emitFooter, type Footer, parseFooter } from "../../../../lib/vhd/footer.ts";
import { openVhd, type OpenVhdOptions } from "../../../../lib/vhd/open.ts";
import type { FindingKind, Severity } from "../../../../lib/vhd/check/finding.ts";
import { Chance } from "../../../support/chance.ts";
import { SimFiles } from "../../../support/sim_files.ts";
import { TestClock } from "../../../support/test_clock.ts";
import { pattern } from "../../block/device_model.ts";
import { BLOCK, DISK, IDS, newImage, PARENT, parentOf, SIZE } from "../vhd_fixture.ts";

export type CheckedKind = "fixed" | "dynamic" | "differencing";
type Octets = Uint8Array<ArrayBuffer>;

export interface Damage {
  readonly name: string;
  readonly kinds: readonly CheckedKind[];
  /** Makes of a whole file the damaged one. */
  readonly make: (octets: Octets) => Octets;
  readonly finds: readonly (readonly [FindingKind, Severity])[];
}

const GROWING: readonly CheckedKind[] = ["dynamic", "differencing"];
const HEADER = 512;
const FOOTER = 512;

export function around() {
  const bootId = "00000000-0000-4000-8000-000000000001";
  return { clock: new TestClock(), bootId, random: new Chance(1) };
}

/** A disk that was written to and closed, and its parent, if it has one. */
export async function wholeDisk(kind: CheckedKind): Promise<SimFiles> {
  const files = new SimFiles();
  if (kind === "fixed") {
    const octets = new Uint8Array(SIZE + FOOTER);
    octets.set(pattern(SIZE, 3));
    octets.set(emitFooter(fixedFooter(SIZE, { uuid: IDS.disk, ...around() })), SIZE);
    files.put(DISK, octets);
    return files;
  }
  if (kind === "differencing") {
    files.put(PARENT, newImage({ uuid: IDS.parent }));
    await write(files, PARENT, [0, 1, 2, 9]);
    files.put(DISK, newImage(parentOf()));
  } else files.put(DISK, newImage());
  await write(files, DISK, [5, 1, 7, 3, 0]);
  return files;
}

/** Writes to half of each block, in this order. */
async function write(files: SimFiles, path: string, blocks: readonly number[]): Promise<void> {
  const { device } = await openVhd(path, { files, ...around(), regionsOfChunk: 1 });
  for (const block of blocks) {
    await device.write(block * BLOCK, pattern(BLOCK / 2, block + 11), 0, BLOCK / 2);
  }
  await device.close();
}

/** What the disk reads as; undefined: it cannot be opened, or not all of it can be read. */
export async function readings(
  files: SimFiles,
  options: OpenVhdOptions = {},
): Promise<Octets | undefined> {
  const copy = SimFiles.of(files.snapshot());
  try {
    const { device } = await openVhd(DISK, {
      files: copy,
      ...around(),
      readOnly: true,
      ...options,
    });
    const octets = new Uint8Array(device.size);
    await device.read(0, octets, 0, octets.length);
    await device.close();
    return octets;
  } catch (error) {
    if (error instanceof Error && /FormatError|FileError|DeviceError/.test(error.name)) {
      return undefined;
    }
    throw error;
  }
}

export function tableOf(octets: Octets): { at: number; view: DataView } {
  const view = new DataView(octets.buffer);
  return { at: Number(view.getBigUint64(HEADER + 16)), view };
}

/** The same with the entry of a block changed. */
export function entry(octets: Octets, block: number, sector: (view: DataView) => number): Octets {
  const { at, view } = tableOf(octets);
  view.setUint32(at + block * 4, sector(new DataView(octets.buffer, at)));
  return octets;
}

/** The same with a footer changed, its checksum right. */
export function footer(octets: Octets, at: number, change: (footer: Footer) => Footer): Octets {
  const place = at < 0 ? octets.length + at : at;
  const found = parseFooter(octets.slice(place, place + FOOTER), { path: DISK, at: place });
  octets.set(emitFooter(change(found)), place);
  return octets;
}

export function sealHeader(octets: Octets): Octets {
  const header = octets.subarray(HEADER, HEADER + 1024);
  new DataView(octets.buffer).setUint32(HEADER + 36, checksum(header, 36));
  return octets;
}

function flipped(octets: Octets, ...places: number[]): Octets {
  for (const at of places) octets[at < 0 ? octets.length + at : at]! ^= 0x10;
  return octets;
}

export function joined(...parts: readonly Uint8Array[]): Octets {
  const octets = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  return octets;
}

const junk = pattern(1100, 77);
const UNALLOCATED = 0xffff_ffff;

export const DAMAGES: readonly Damage[] = [
  {
    name: "nothing is wrong",
    kinds: ["fixed", "dynamic", "differencing"],
    make: (octets) => octets,
    finds: [],
  },
  {
    name: "the footer at the end is cut off",
    kinds: GROWING,
    make: (octets) => octets.slice(0, -FOOTER),
    finds: [["tail-footer", "flaw"]],
  },
  {
    name: "the footer at the end is zeros",
    kinds: GROWING,
    make: (octets) => octets.fill(0, octets.length - FOOTER),
    finds: [["tail-footer", "flaw"]],
  },
  {
    name: "the checksum of the footer at the end is wrong",
    kinds: ["fixed", "dynamic", "differencing"],
    make: (octets) => flipped(octets, 66 - FOOTER),
    finds: [["tail-footer", "flaw"]],
  },
  {
    name: "octets were added behind the footer",
    kinds: ["dynamic", "differencing"],
    make: (octets) => joined(octets, junk),
    finds: [["tail-footer", "flaw"]],
  },
  {
    name: "octets were added behind the footer of a fixed disk",
    kinds: ["fixed"],
    make: (octets) => joined(octets, junk),
    finds: [["tail-footer", "flaw"]],
  },
  {
    name: "zeros were added behind the footer",
    kinds: ["fixed", "dynamic", "differencing"],
    make: (octets) => joined(octets, new Uint8Array(8192)),
    finds: [["tail-footer", "flaw"]],
  },
  {
    name: "the copy at the beginning is zeros",
    kinds: GROWING,
    make: (octets) => octets.fill(0, 0, FOOTER),
    finds: [["head-footer", "flaw"]],
  },
  {
    name: "the checksum of the copy is wrong",
    kinds: GROWING,
    make: (octets) => flipped(octets, 66),
    finds: [["head-footer", "flaw"]],
  },
  {
    name: "the copy is zeros and octets were added behind the footer",
    kinds: GROWING,
    make: (octets) => joined(octets.fill(0, 0, FOOTER), junk),
    finds: [["tail-footer", "flaw"], ["head-footer", "flaw"]],
  },
  {
    name: "the checksums of both footers are wrong in the same way",
    kinds: GROWING,
    make: (octets) => flipped(octets, 66, 66 - FOOTER),
    finds: [["tail-footer", "flaw"], ["head-footer", "flaw"]],
  },
  {
    name: "the checksum of the header is wrong",
    kinds: GROWING,
    make: (octets) => flipped(octets, HEADER + 39),
    finds: [["header", "flaw"]],
  },
  {
    name: "the checksum of the header is wrong, and the footer at the end is cut off",
    kinds: GROWING,
    make: (octets) => flipped(octets, HEADER + 39).slice(0, -FOOTER),
    finds: [["header", "flaw"], ["tail-footer", "flaw"]],
  },
  {
    name: "the footer at the end has another time",
    kinds: GROWING,
    make: (octets) => footer(octets, -FOOTER, (it) => ({ ...it, created: new Date(1e12) })),
    finds: [["tail-footer", "flaw"]],
  },
  {
    name: "a block in the middle of the file is used by nothing",
    kinds: GROWING,
    make: (octets) => entry(octets, 7, () => UNALLOCATED),
    finds: [["leak", "flaw"]],
  },
  {
    name: "the last block of the file is used by nothing",
    kinds: GROWING,
    make: (octets) => entry(octets, 0, () => UNALLOCATED),
    finds: [["leak", "flaw"]],
  },
  {
    name: "a place in the table is sector 0",
    kinds: GROWING,
    make: (octets) => entry(octets, 4, () => 0),
    finds: [["block-place", "risk"], ["block-place", "risk"]],
  },
  {
    name: "a place in the table is the table",
    kinds: GROWING,
    make: (octets) => entry(octets, 4, () => tableOf(octets).at / 512),
    finds: [["block-place", "risk"], ["block-place", "risk"]],
  },
  {
    name: "two blocks have one place",
    kinds: GROWING,
    make: (octets) => entry(octets, 4, (table) => table.getUint32(4)),
    finds: [["block-place", "risk"]],
  },
  {
    name: "a block begins in the last sector of another",
    kinds: GROWING,
    make: (octets) => entry(octets, 4, (table) => table.getUint32(4) + BLOCK / 512),
    finds: [["block-place", "risk"], ["block-place", "risk"]],
  },
  {
    name: "a block lies outside the file",
    kinds: GROWING,
    make: (octets) => entry(octets, 4, () => octets.length / 512),
    finds: [["block-place", "risk"]],
  },
  {
    name: "the last block is cut off with the footer",
    kinds: GROWING,
    make: (octets) => octets.slice(0, -FOOTER - 4096),
    finds: [["block-place", "risk"], ["tail-footer", "risk"]],
  },
  {
    name: "both footers are lost",
    kinds: GROWING,
    make: (octets) => octets.fill(0, 0, FOOTER).slice(0, -FOOTER),
    finds: [["no-footer", "risk"]],
  },
  {
    name: "the footer at the end is lost",
    kinds: ["fixed"],
    make: (octets) => octets.slice(0, -FOOTER),
    finds: [["no-footer", "risk"]],
  },
  {
    name: "the footers are of two disks",
    kinds: GROWING,
    make: (octets) => footer(octets, -FOOTER, (it) => ({ ...it, uniqueId: IDS.parent })),
    finds: [["two-disks", "risk"]],
  },
  {
    name: "the header is gone",
    kinds: GROWING,
    make: (octets) => octets.fill(0, HEADER, HEADER + 1024),
    finds: [["header", "risk"]],
  },
  {
    name: "the header has another block length and no right checksum",
    kinds: GROWING,
    make: (octets) => {
      new DataView(octets.buffer).setUint32(HEADER + 32, BLOCK / 2);
      return octets;
    },
    finds: [["header", "risk"]],
  },
  {
    name: "the blocks of the header have no octets",
    kinds: GROWING,
    make: (octets) => {
      new DataView(octets.buffer).setUint32(HEADER + 32, 0);
      return sealHeader(octets);
    },
    finds: [["header", "risk"]],
  },
  {
    name: "the table is longer than the disk and places a block behind its end",
    kinds: GROWING,
    make: (octets) => {
      const { at, view } = tableOf(octets);
      view.setUint32(HEADER + 28, 12);
      view.setUint32(at + 11 * 4, 4242);
      return sealHeader(octets);
    },
    finds: [["spare-entry", "note"]],
  },
  {
    name: "data of the disk is missing",
    kinds: ["fixed"],
    make: (octets) => joined(octets.slice(0, SIZE / 2), octets.slice(-FOOTER)),
    finds: [["size", "risk"]],
  },
  {
    name: "zeros are between the disk and its footer",
    kinds: ["fixed"],
    make: (octets) => joined(octets.slice(0, SIZE), new Uint8Array(4096), octets.slice(-FOOTER)),
    finds: [["tail-footer", "flaw"]],
  },
  {
    name: "data is between the disk and its footer",
    kinds: ["fixed"],
    make: (octets) => joined(octets.slice(0, SIZE), pattern(4096, 8), octets.slice(-FOOTER)),
    finds: [["remainder", "note"]],
  },
  {
    name: "a machine was put to sleep",
    kinds: ["fixed"],
    make: (octets) => footer(octets, -FOOTER, (it) => ({ ...it, savedState: true })),
    finds: [["saved-state", "note"]],
  },
  {
    name: "its geometry tells less than its size, and nobody knows its creator",
    kinds: ["fixed"],
    make: (octets) => footer(octets, -FOOTER, (it) => ({ ...it, creatorApplication: "abcd" })),
    finds: [["geometry", "note"]],
  },
];
