/** A Linux to boot in an emulator: Debian's own kernel, and a root of this machine's programs. */
import { dirname, join } from "node:path";
import { programPath } from "../../scripts/peers.ts";
import { peer, runPeer } from "./peer.ts";

export interface LinuxImage {
  /** Files, for the emulator. */
  readonly kernel: string;
  readonly initrd: string;
}

const META_PACKAGE = "linux-image-amd64";

/** For 70 MB. */
const DOWNLOAD_MS = 5 * 60_000;

/** What the kernel needs besides what is built in. */
const MODULES = [
  "virtio_pci",
  "virtio_net",
  "virtio_blk",
  "iscsi_tcp",
  "crc32c_generic",
  "sd_mod",
  "sg",
  "dm-multipath",
  "dm-service-time",
  "scsi_dh_alua",
  "ext4",
] as const;

/** What it has besides, for those who ask for it. */
const MORE_MODULES = ["nbd"] as const;

/** What the guest has besides busybox. */
const PROGRAMS = [
  "modprobe",
  "iscsid",
  "iscsiadm",
  "dmsetup",
  "multipath",
  "multipathd",
  "udevadm",
  "mkfs.ext4",
  "e2fsck",
  "nbd-client",
  "sg_inq",
  "sg_luns",
  "sg_opcodes",
  "sg_persist",
  "sg_readcap",
  "sg_rtpg",
  "sg_sync",
  "sg_turs",
  "sg_vpd",
] as const;

/** What it has in the same place as this machine: how devices get names, and paths are checked. */
const SAME_PLACE = [
  "/lib/systemd/systemd-udevd",
  "/lib/udev/scsi_id",
  "/lib/udev/rules.d/50-udev-default.rules",
  "/lib/udev/rules.d/55-dm.rules",
  "/lib/udev/rules.d/56-dm-mpath.rules",
  "/lib/udev/rules.d/60-block.rules",
  "/lib/udev/rules.d/60-multipath.rules",
  "/lib/udev/rules.d/60-persistent-storage-dm.rules",
  "/lib/udev/rules.d/60-persistent-storage.rules",
  "/lib/udev/rules.d/95-dm-notify.rules",
  "/lib/multipath/libchecktur.so",
  "/lib/multipath/libprioalua.so",
  "/lib/multipath/libprioconst.so",
  "/lib/multipath/libpriosysfs.so",
  "/lib/multipath/libforeign-nvme.so",
  // Threads that are cancelled load it by its name, and Deno needs it with those that follow.
  "/lib/x86_64-linux-gnu/libgcc_s.so.1",
  "/lib/x86_64-linux-gnu/libm.so.6",
  "/lib/x86_64-linux-gnu/libdl.so.2",
  "/lib/x86_64-linux-gnu/libpthread.so.0",
  "/lib/x86_64-linux-gnu/librt.so.1",
  "/etc/iscsi/iscsid.conf",
] as const;

/** Ready when the shell on the second serial line says so. */
const INIT = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /run/udev
for module in ${MODULES.join(" ")}; do modprobe $module; done
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
exec </dev/ttyS1 >/dev/ttyS1 2>&1
stty raw -echo
echo "==exit 0=="
exec sh /dev/ttyS1
`;

const FILES: Readonly<Record<string, string>> = {
  "init": INIT,
  "etc/passwd": "root:x:0:0:root:/:/bin/sh\n",
  "etc/group": "root:x:0:\n",
  "etc/iscsi/initiatorname.iscsi": "InitiatorName=iqn.2026-01.org.example:linux\n",
};

/** Where kernels are kept from run to run. */
function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  return join(cache, "sanctl-tests");
}

function kernelFolder(): string {
  return join(cacheFolder(), [META_PACKAGE, ...MODULES, ...MORE_MODULES].join("+"));
}

/** Why no kernel can be had; undefined where one can. */
export function kernelMissing(): string | undefined {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    return "the guest's kernel is for x86-64";
  }
  if (isThere(kernelFolder())) return undefined;
  const args = ["show", META_PACKAGE];
  try {
    const command = new Deno.Command("apt-cache", { args, stdout: "null", stderr: "null" });
    return command.outputSync().success ? undefined : `apt knows no package ${META_PACKAGE}`;
  } catch {
    return `the guest's kernel comes from Debian's package ${META_PACKAGE}`;
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch {
    return false;
  }
}

/** Makes the image in `folder`; only the kernel is kept for other runs. */
export async function makeLinuxImage(folder: string): Promise<LinuxImage> {
  if (!isThere(kernelFolder())) await fetchKernel();
  const root = join(folder, "root");
  for (const name of ["bin", "sbin", "proc", "sys", "dev", "run/lock/iscsi", "tmp", "mnt"]) {
    await Deno.mkdir(join(root, name), { recursive: true });
  }
  await peer("cp", "-r", join(kernelFolder(), "lib"), root);
  await addBusybox(root);
  for (const name of PROGRAMS) await addProgram(root, name, `usr/sbin/${name}`);
  for (const path of SAME_PLACE) await addWithLibraries(root, path, path);
  for (const [path, text] of Object.entries(FILES)) {
    await Deno.mkdir(dirname(join(root, path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text, { mode: 0o755 });
  }
  const initrd = join(folder, "initrd");
  await shell(`cd "$1" && find . | cpio --quiet -o -H newc > "$2"`, root, initrd);
  await Deno.remove(root, { recursive: true });
  return { kernel: join(kernelFolder(), "vmlinuz"), initrd };
}

/** Brings the kernel and the modules that are used, all or nothing. */
async function fetchKernel(): Promise<void> {
  await Deno.mkdir(cacheFolder(), { recursive: true });
  const work = await Deno.makeTempDir({ dir: cacheFolder(), prefix: "kernel-" });
  try {
    const all = join(work, "all");
    const version = await unpackKernel(work, all);
    const kept = join(work, "kept");
    await Deno.mkdir(kept);
    await Deno.rename(join(all, `boot/vmlinuz-${version}`), join(kept, "vmlinuz"));
    await keepModules(all, kept, version);
    await Deno.rename(kept, kernelFolder()).catch((error) => {
      // Another run was faster.
      if (!isThere(kernelFolder())) throw error;
    });
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Downloads the package and unpacks it in `all`; answers the kernel's version. */
async function unpackKernel(work: string, all: string): Promise<string> {
  const name = await downloadKernel(work).catch(async () => {
    // What apt knows may be older than what there is.
    await shell("apt-get -qq update");
    return await downloadKernel(work);
  });
  await shell('dpkg -x "$1"/"$2"_*.deb "$3"', work, name, all);
  return name.replace("linux-image-", "");
}

async function downloadKernel(work: string): Promise<string> {
  const name = /Depends: (linux-image-\S+)/.exec(await peer("apt-cache", "depends", META_PACKAGE));
  if (name === null) throw new Error(`${META_PACKAGE} depends on no kernel`);
  await shell('cd "$1" && apt-get -qq download "$2"', work, name[1]!);
  return name[1]!;
}

async function keepModules(all: string, kept: string, version: string): Promise<void> {
  await peer("depmod", "-b", all, version);
  const wanted = ["-d", all, "-S", version, "--show-depends", "--all", ...MODULES];
  wanted.push(...MORE_MODULES);
  const files = [...(await peer("modprobe", ...wanted)).matchAll(/^insmod (\S+)/gm)];
  for (const [, file] of files) {
    const path = join(kept, file!.slice(all.length));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.copyFile(file!, path);
  }
  for (const list of ["modules.builtin", "modules.builtin.modinfo", "modules.order"]) {
    const path = join("lib/modules", version, list);
    await Deno.copyFile(join(all, path), join(kept, path));
  }
  await peer("depmod", "-b", kept, version);
}

async function addBusybox(root: string): Promise<void> {
  await addProgram(root, "busybox", "bin/busybox");
  const applets = (await peer("busybox", "--list")).trim().split("\n");
  for (const name of applets) {
    const isOther = name === "busybox" || (PROGRAMS as readonly string[]).includes(name);
    if (!isOther) await Deno.symlink("busybox", join(root, "bin", name));
  }
}

async function addProgram(root: string, name: string, to: string): Promise<void> {
  const from = programPath(name);
  if (from === undefined) throw new Error(`${name} is not installed`);
  await addWithLibraries(root, from, to);
}

/** Copies a file with the libraries that it names. */
async function addWithLibraries(root: string, from: string, to: string): Promise<void> {
  await addFile(from, join(root, to));
  // What needs none makes ldd fail.
  const said = await shell(`ldd "$1" 2>&1 || true`, from);
  for (const [, library] of said.matchAll(/(\/\S+) \(0x/g)) {
    if (!isThere(join(root, library!))) await addFile(library!, join(root, library!));
  }
}

async function addFile(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.copyFile(from, to);
}

async function shell(script: string, ...args: string[]): Promise<string> {
  const result = await runPeer("sh", ["-c", script, "sh", ...args], DOWNLOAD_MS);
  if (result.exitCode !== 0) throw new Error(`${script}: ${result.stdout}${result.stderr}`);
  return result.stdout;
}
