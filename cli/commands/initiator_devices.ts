import { ControlError } from "../../lib/config/control_error.ts";
import type { InitiatorDeviceFacts, PathFacts } from "../../lib/initiator_service/control.ts";
import type { Context } from "../context.ts";
import { attachmentText } from "../attachment.ts";
import { formatAddress } from "../format_address.ts";
import { deviceColumns } from "../initiator_columns.ts";
import { type Column, sheet, table } from "../output.ts";
import type { InitiatorLongFlags } from "../routes/initiator.ts";
import { formatSize } from "../size.ts";

const PATH_COLUMNS: readonly Column<PathFacts>[] = [
  { heading: "PATH", value: ({ name }) => name },
  { heading: "SESSION", value: ({ session }) => session },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "SOURCE", value: ({ source }) => source === null ? "" : formatAddress(source) },
  { heading: "ACCESS", value: ({ access }) => access ?? "" },
  { heading: "COMMANDS", align: "right", value: ({ commands }) => commands },
  { heading: "NOW", align: "right", value: ({ outstanding }) => outstanding },
  { heading: "LOST", align: "right", value: ({ losses }) => losses },
  { heading: "WHY", value: ({ error }) => error ?? "" },
];

export default async function (
  this: Context,
  { long }: InitiatorLongFlags,
  name?: string,
): Promise<void> {
  const control = await this.initiator();
  const all = await control.devices();
  const devices = name === undefined ? all : [one(all, name)];
  const isShort = !long && name === undefined;
  if (isShort || this.flags.json || this.flags.quiet || devices.length === 0) {
    const none = "no device; sanctl initiator login TARGET finds those of a target";
    return this.output.list(devices, deviceColumns, none);
  }
  this.output.line(devices.map(deviceText).join("\n\n"));
}

function one(devices: readonly InitiatorDeviceFacts[], text: string): InitiatorDeviceFacts {
  const found = devices.find(({ name, identity, target, lun }) =>
    [name, identity, `${target}/${lun}`].includes(text)
  );
  if (found !== undefined) return found;
  throw new ControlError(
    "not-found",
    `there is no device ${text}`,
    "see those that there are: sanctl initiator devices",
  );
}

function deviceText(device: InitiatorDeviceFacts): string {
  const { size, blockLength, attached, paths, error } = device;
  const text = sheet([
    ["device", device.name],
    ["identity", device.identity ?? undefined],
    ["target", device.target],
    ["lun", String(device.lun)],
    ["state", device.state],
    ["size", size === null ? undefined : `${formatSize(size)} in blocks of ${blockLength}`],
    ["product", `${device.vendor} ${device.product}`.trim()],
    ["serial", device.serial],
    ["read-only", device.readOnly ? "yes" : undefined],
    ["policy", device.policy],
    ["attached", attached === null ? "no" : attachmentText(attached)],
    ["clients", attached === null ? undefined : String(attached.clients)],
    ["bound", device.bound ? "yes" : "no"],
    ["error", error ?? undefined],
  ]);
  return paths.length === 0 ? text : `${text}\n${table(paths, PATH_COLUMNS)}`;
}
