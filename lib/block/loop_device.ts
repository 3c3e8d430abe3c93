/** Whether the system uses a file as a block device. loop(4). */

/** The device, such as `/dev/loop0`; undefined: none that can be told of. */
export async function loopDeviceOf(path: string): Promise<string | undefined> {
  try {
    const real = await Deno.realPath(path);
    for await (const { name } of Deno.readDir("/sys/block")) {
      if (!name.startsWith("loop")) continue;
      if (await backingFile(name) === real) return `/dev/${name}`;
    }
  } catch (error) {
    if (!isUnknowable(error)) throw error;
  }
  return undefined;
}

async function backingFile(name: string): Promise<string | undefined> {
  try {
    return (await Deno.readTextFile(`/sys/block/${name}/loop/backing_file`)).trimEnd();
  } catch (error) {
    if (!isUnknowable(error)) throw error;
    return undefined; // It is bound to none.
  }
}

function isUnknowable(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
}
