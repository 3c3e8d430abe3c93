/** A device by its URL: the one place that knows every source of them. */
import type { BlockDevice } from "./block/device.ts";

export interface OpenDeviceOptions {
  readonly readOnly?: boolean;
  /** What is unmapped gives its space back, where the medium can. */
  readonly sparse?: boolean;
  /** Capacity in octets, for sources that have none of their own: `mem:`. */
  readonly size?: number;
  /** The iSCSI name under which targets are logged in to; made of the host's name without. */
  readonly initiatorName?: string;
}

export interface OpenedDevice {
  readonly device: BlockDevice;
  /** The disk's identity, where its medium holds one. */
  readonly uuid?: Uint8Array;
}

/** A URL that names no device, or one that cannot be opened as asked. */
export class DeviceUrlError extends Error {
  override readonly name = "DeviceUrlError";
}

/** A kind of URL. What a source needs is loaded when it is first opened. */
interface Source {
  /** How its URLs are written. */
  readonly form: string;
  open(rest: string, options: OpenDeviceOptions, url: string): Promise<OpenedDevice>;
}

const SOURCES: ReadonlyMap<string, Source> = new Map([
  ["file", { form: "file:PATH", open: openFile }],
  ["vhd", { form: "vhd:PATH", open: openVhdFile }],
  ["mem", { form: "mem:NAME", open: openMemory }],
  ["nbd", { form: "nbd://HOST[:PORT]/EXPORT", open: openNbd }],
  ["nbd+unix", { form: "nbd+unix:///EXPORT?socket=PATH", open: openNbd }],
  ["iscsi", { form: "iscsi://[USER[%SECRET]@]HOST[:PORT]/TARGET/LUN", open: openIscsi }],
]);

/** How the URLs of every source are written. */
export const DEVICE_URL_FORMS: readonly string[] = [...SOURCES.values()].map(({ form }) => form);

/**
 * Opens the device that a URL names. Fails with a DeviceUrlError when the URL is wrong, and else as
 * its source does: FileError, FormatError, DeviceError, InitiatorError, NbdOpenError.
 */
export async function openDevice(
  url: string,
  options: OpenDeviceOptions = {},
): Promise<OpenedDevice> {
  const colon = url.indexOf(":");
  const source = SOURCES.get(url.slice(0, Math.max(colon, 0)).toLowerCase());
  if (source === undefined) {
    const forms = DEVICE_URL_FORMS.join(", ");
    throw new DeviceUrlError(`"${url}" names no device: write it as one of ${forms}`);
  }
  return await source.open(url.slice(colon + 1), options, url);
}

async function openFile(
  rest: string,
  options: OpenDeviceOptions,
  url: string,
): Promise<OpenedDevice> {
  const path = pathOf(rest, url);
  const { FileDevice } = await import("./block/file.ts");
  const { readOnly = false, sparse = false } = options;
  return { device: await FileDevice.open(path, { readOnly, sparse }) };
}

async function openVhdFile(
  rest: string,
  options: OpenDeviceOptions,
  url: string,
): Promise<OpenedDevice> {
  const path = pathOf(rest, url);
  const { openVhd } = await import("./vhd/open.ts");
  const { readOnly = false, sparse = false } = options;
  const { device, footer } = await openVhd(path, { readOnly, sparse });
  return { device, uuid: footer.uniqueId };
}

async function openMemory(
  name: string,
  options: OpenDeviceOptions,
  url: string,
): Promise<OpenedDevice> {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) {
    throw new DeviceUrlError(
      `"${url}" names no device: a name is at most 64 of a-z, 0-9, ".", "_" and "-", and begins ` +
        "with a letter or digit",
    );
  }
  const { size, readOnly } = options;
  if (size === undefined || !Number.isSafeInteger(size) || size <= 0 || size % 512 !== 0) {
    throw new DeviceUrlError(`${url} needs a size that is a multiple of 512 octets`);
  }
  const { MemoryDevice } = await import("./block/memory.ts");
  const device = new MemoryDevice(size);
  if (!readOnly) return { device };
  const { ReadOnlyDevice } = await import("./block/read_only.ts");
  return { device: new ReadOnlyDevice(device) };
}

async function openNbd(
  _: string,
  options: OpenDeviceOptions,
  url: string,
): Promise<OpenedDevice> {
  const { NbdUrlError, parseNbdUrl } = await import("./nbd/address.ts");
  const { NbdDevice } = await import("./nbd/client/nbd_device.ts");
  try {
    const { readOnly = false } = options;
    return { device: await NbdDevice.open(parseNbdUrl(url), { readOnly }) };
  } catch (cause) {
    if (!(cause instanceof NbdUrlError)) throw cause;
    throw new DeviceUrlError(cause.message, { cause });
  }
}

async function openIscsi(
  rest: string,
  options: OpenDeviceOptions,
): Promise<OpenedDevice> {
  const { ISCSI_URL_FORM, parseIscsiUrl } = await import("./initiator/iscsi_url.ts");
  const parsed = parseIscsiUrl(`iscsi:${rest}`);
  // The URL may hold a secret, so it is not repeated.
  if (parsed === undefined) {
    throw new DeviceUrlError(`the URL is not of the form ${ISCSI_URL_FORM}`);
  }
  const { portal, targetName, lun, user, secret } = parsed;
  if (user !== undefined && secret === undefined) {
    throw new DeviceUrlError(`the URL names the user ${user} without a secret: ${ISCSI_URL_FORM}`);
  }
  const [{ systemNode }, { openRemoteDisk }, { ChapSecret }] = await Promise.all([
    import("./initiator/system_node.ts"),
    import("./initiator/open_remote_disk.ts"),
    import("./iscsi/chap/secret.ts"),
  ]);
  const chap = user === undefined
    ? undefined
    : { initiator: { user, secret: new ChapSecret(secret!) } };
  const node = systemNode({ name: options.initiatorName });
  const { readOnly = false } = options;
  return { device: await openRemoteDisk(node, { portal, targetName, lun, chap, readOnly }) };
}

/** A path as it stands; after two slashes it is a URL's, with its escapes. RFC 8089 2. */
function pathOf(rest: string, url: string): string {
  const path = rest.startsWith("//") ? unescaped(rest.slice(2), url) : rest;
  if (path === "") throw new DeviceUrlError(`"${url}" names no file`);
  if (path.includes("\0")) throw new DeviceUrlError(`"${url}" holds a NUL, which no path can`);
  return path;
}

function unescaped(path: string, url: string): string {
  if (!path.startsWith("/")) {
    throw new DeviceUrlError(`"${url}" names a host: only files of this machine can be opened`);
  }
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new DeviceUrlError(`"${url}" has a "%" that escapes nothing`, { cause });
  }
}
