/** Devices that must be there before the initiator service calls itself started. */
import type { InitiatorDeviceFacts } from "../../../lib/initiator_service/control.ts";
import { exactly, type IscsicliCommand, type Surroundings } from "../command.ts";
import { IscsicliError, Isdsc } from "../isdsc.ts";

const DEVICE_FAILURES = { "not-found": Isdsc.DEVICE_NOT_FOUND };

async function bindAll({ control }: Surroundings): Promise<void> {
  await control.bind();
}

export const VOLUME_COMMANDS: readonly IscsicliCommand[] = [
  { name: "BindPersistentVolumes", words: "", takes: exactly(0), run: bindAll },
  { name: "BindPersistentDevices", words: "", takes: exactly(0), run: bindAll },
  {
    name: "ReportPersistentDevices",
    words: "",
    takes: exactly(0),
    async run({ control, say }) {
      say("Persistent Volumes");
      for (const { bound, name, attached } of await control.devices()) {
        if (bound) say(`    "${attached?.path ?? name}"`);
      }
      say("");
    },
  },
  {
    name: "AddPersistentDevice",
    words: "<Volume or Device Path>",
    takes: exactly(1),
    failures: { ...DEVICE_FAILURES, "failed": Isdsc.DEVICE_NOT_PERSISTENT },
    async run(around, [path]) {
      const { name, bound, target } = await deviceAt(around, path!);
      if (bound) throw new IscsicliError(Isdsc.DEVICE_ALREADY_BOUND);
      const logins = await around.control.listPersistent();
      if (!logins.some((login) => login.target === target)) {
        throw new IscsicliError(Isdsc.DEVICE_NOT_PERSISTENT);
      }
      await around.control.bind(name);
    },
  },
  {
    name: "RemovePersistentDevice",
    words: "<Volume or Device Path>",
    takes: exactly(1),
    failures: DEVICE_FAILURES,
    async run(around, [path]) {
      await around.control.unbind((await deviceAt(around, path!)).name);
    },
  },
  {
    name: "ClearPersistentDevices",
    words: "",
    takes: exactly(0),
    run: async ({ control }) => void await control.unbind(),
  },
];

/** The device of that name, or that is reached by that path. */
async function deviceAt(
  { control }: Surroundings,
  path: string,
): Promise<InitiatorDeviceFacts> {
  const found = (await control.devices()).find(({ name, attached }) =>
    name === path || attached?.path === path || attached?.mounts.includes(path)
  );
  if (found === undefined) throw new IscsicliError(Isdsc.DEVICE_NOT_FOUND);
  return found;
}
