/** The programs of others that tests talk to: which package brings each, which tests need it. */

/** The groups of tests, in the order in which they run. */
export const GROUP_NAMES = ["static", "unit", "sim", "interop", "e2e", "fuzz"] as const;
export type GroupName = typeof GROUP_NAMES[number];

export interface Peer {
  /** The program, or the file of `anyOf` where the package brings none. */
  readonly name: string;
  /** One, or several with spaces between. */
  readonly package: string;
  readonly groups: readonly GroupName[];
  /** Where it is found when it is no program on the PATH: one of these paths exists. */
  readonly anyOf?: readonly string[];
  /** The programs that make it up when it is several. */
  readonly allOf?: readonly string[];
}

/** One row a program. A test names the first column in `requires(…)`. */
export const PEERS = [
  { name: "iscsi-test-cu", package: "libiscsi-bin", groups: ["interop"] },
  { name: "iscsi-ls", package: "libiscsi-bin", groups: ["interop", "e2e"] },
  { name: "iscsi-inq", package: "libiscsi-bin", groups: ["interop"] },
  { name: "iscsi-readcapacity16", package: "libiscsi-bin", groups: ["interop", "e2e"] },
  { name: "iscsi-swp", package: "libiscsi-bin", groups: ["interop"] },
  { name: "iscsi-perf", package: "libiscsi-bin", groups: ["interop"] },
  {
    name: "libiscsi",
    package: "libiscsi7",
    groups: ["interop"],
    anyOf: [
      "/usr/lib/x86_64-linux-gnu/libiscsi.so.7",
      "/usr/lib/aarch64-linux-gnu/libiscsi.so.7",
    ],
  },
  { name: "tgtd", package: "tgt", groups: ["interop"] },
  { name: "istgt", package: "istgt", groups: ["interop"] },
  { name: "isnsd", package: "open-isns-server", groups: ["interop", "e2e"] },
  { name: "ssh", package: "openssh-client", groups: ["e2e"] },
  { name: "sshd", package: "openssh-server", groups: ["e2e"] },
  { name: "isnsadm", package: "open-isns-utils", groups: ["interop", "e2e"] },
  { name: "qemu-img", package: "qemu-utils", groups: ["interop", "e2e"] },
  { name: "qemu-io", package: "qemu-utils", groups: ["interop", "e2e"] },
  {
    name: "qemu block-iscsi",
    package: "qemu-block-extra",
    groups: ["interop", "e2e"],
    anyOf: [
      "/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so",
      "/usr/lib/aarch64-linux-gnu/qemu/block-iscsi.so",
    ],
  },
  { name: "vhdiinfo", package: "libvhdi-utils", groups: ["interop"] },
  {
    name: "libvhdi",
    package: "libvhdi1",
    groups: ["interop"],
    anyOf: [
      "/usr/lib/x86_64-linux-gnu/libvhdi.so.1",
      "/usr/lib/aarch64-linux-gnu/libvhdi.so.1",
    ],
  },
  { name: "qemu-nbd", package: "qemu-utils", groups: ["interop"] },
  { name: "nbdkit", package: "nbdkit", groups: ["interop"] },
  { name: "nbdinfo", package: "libnbd-bin", groups: ["interop"] },
  { name: "nbdcopy", package: "libnbd-bin", groups: ["interop"] },
  { name: "nbdfuse", package: "libnbd-bin", groups: ["interop", "e2e"] },
  { name: "nbd-client", package: "nbd-client", groups: ["interop"] },
  { name: "fio", package: "fio", groups: ["interop", "e2e"] },
  { name: "sg_inq", package: "sg3-utils", groups: ["interop"] },
  { name: "tshark", package: "tshark", groups: ["interop"] },
  { name: "ip", package: "iproute2", groups: ["interop", "e2e"] },
  { name: "mkfs.ext4", package: "e2fsprogs", groups: ["interop", "e2e"] },
  { name: "mkfs.vfat", package: "dosfstools", groups: ["interop"] },
  { name: "mkfs.ntfs", package: "ntfs-3g", groups: ["interop"] },
  { name: "mkfs.exfat", package: "exfatprogs", groups: ["interop"] },
  { name: "sfdisk", package: "fdisk", groups: ["interop"] },
  { name: "sgdisk", package: "gdisk", groups: ["interop"] },
  { name: "parted", package: "parted", groups: ["interop"] },
  { name: "blkid", package: "util-linux", groups: ["interop"] },
  // A kernel in an emulator, with programs of this machine: tests/support/linux_guest.ts.
  {
    name: "linux guest",
    package: "qemu-system-x86 busybox-static cpio kmod udev open-iscsi multipath-tools " +
      "e2fsprogs sg3-utils nbd-client",
    groups: ["interop"],
    allOf: [
      ..."qemu-system-x86_64 busybox cpio modprobe udevadm iscsid multipathd".split(" "),
      ..."mkfs.ext4 debugfs sg_inq nbd-client".split(" "),
    ],
  },
  { name: "bash", package: "bash", groups: ["e2e"] },
  { name: "python3", package: "python3-minimal", groups: ["e2e"] },
  { name: "script", package: "bsdutils", groups: ["e2e"] },
  { name: "jsonschema", package: "python3-jsonschema", groups: ["e2e"] },
] as const satisfies readonly Peer[];

export type PeerName = typeof PEERS[number]["name"];

// A user's PATH often lacks the folders of administration, where tgtd, ip and mkfs.ext4 live.
const ADMINISTRATION = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Where the program is, or undefined. */
export function programPath(name: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  return [...folders, ...ADMINISTRATION].map((folder) => `${folder}/${name}`).find(isFile);
}

/** Whether the peer is on this machine. */
export function isInstalled(peer: Peer): boolean {
  if (peer.allOf !== undefined) return peer.allOf.every((name) => programPath(name) !== undefined);
  if (peer.anyOf !== undefined) return peer.anyOf.some(isFile);
  return programPath(peer.name) !== undefined;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
