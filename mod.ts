/**
 * What another program imports to put disks of its own making on the network:
 *
 * ```ts
 * const node = new TargetNode({
 *   limits: DEFAULT_LIMITS,
 *   clock: systemClock,
 *   random: systemRandom,
 *   logger: silentLogger,
 * });
 * const device = new MemoryDevice(64 << 20);
 * const luns = new LunMap();
 * luns.set(0, { unit: new LogicalUnit({ device, identity }), readOnly: false });
 * const access = AccessList.of(["any"]);
 * node.addTarget(new Target({ name: "iqn.2000-01.example:disk", access, luns }));
 * new TargetServer(node).listen({ hostname: "127.0.0.1", port: 3260 });
 * ```
 *
 * Any {@link BlockDevice} can stand where the memory does: one that {@link openDevice} opens, or
 * one of its own.
 */
export {
  type BlockDevice,
  type Capabilities,
  DeviceError,
  type DeviceErrorKind,
  type Extent,
} from "./lib/block/device.ts";
export { MemoryDevice } from "./lib/block/memory.ts";
export { ReadOnlyDevice } from "./lib/block/read_only.ts";
export { SliceDevice } from "./lib/block/slice.ts";
export {
  DeviceUrlError,
  openDevice,
  type OpenDeviceOptions,
  type OpenedDevice,
} from "./lib/device_url.ts";

export { discover, type DiscoveredTarget } from "./lib/initiator/discover.ts";
export { InitiatorError, type InitiatorErrorKind } from "./lib/initiator/initiator_error.ts";
export { type KeepOptions, KeptSession } from "./lib/initiator/kept_session.ts";
export { openRemoteDisk, type OpenRemoteDiskOptions } from "./lib/initiator/open_remote_disk.ts";
export { RemoteDisk } from "./lib/initiator/remote_disk.ts";
export { systemNode, type SystemNodeOptions } from "./lib/initiator/system_node.ts";

export { type Clock, systemClock } from "./lib/runtime/clock.ts";
export { type Facts, type Logger, silentLogger } from "./lib/runtime/logger.ts";
export { type Random, systemRandom } from "./lib/runtime/random.ts";

export { type Identity, LogicalUnit, type LogicalUnitOptions } from "./lib/scsi/logical_unit.ts";

export { CHAP_ALGORITHMS, type ChapAlgorithm } from "./lib/iscsi/chap/algorithm.ts";
export { type ChapCredentials, ChapSecret } from "./lib/iscsi/chap/secret.ts";

export { AccessList } from "./lib/target/access_list.ts";
export { chapAuthentication } from "./lib/target/chap_authentication.ts";
export { DEFAULT_LIMITS, type Limits } from "./lib/target/limits.ts";
export { LunMap, type Mapping } from "./lib/target/lun_map.ts";
export { TargetNode, type TargetNodeOptions } from "./lib/target/node.ts";
export { TargetServer } from "./lib/target/server.ts";
export { Target, type TargetOptions } from "./lib/target/target.ts";

export { ControlError, type ControlErrorKind } from "./lib/config/control_error.ts";
export { openControl } from "./lib/config/connect.ts";
export type * from "./lib/config/control.ts";
