/** Dynamic and differencing disks as devices, compared with plain octets. */
import fc from "fast-check";
import { DeviceModel, steps } from "../block/device_model.ts";
import { fixture, KINDS, SIZE } from "./vhd_fixture.ts";

for (const kind of KINDS) {
  for (const cached of [true, false]) {
    for (const now of [true, false]) {
      const how = `${now ? "at once" : "later"}${cached ? "" : ", from a medium that waits"}`;
      Deno.test(`ChainDevice: a ${kind} disk equals plain octets, ${how}`, async () => {
        const property = fc.asyncProperty(steps(SIZE, 512, SIZE), async (list) => {
          const { open, initially } = await fixture(kind, { cached });
          let device = await open();
          const model = new DeviceModel(device, now);
          model.octets.set(initially);
          for (const step of list) await model.apply(step);
          await model.checkAll();
          await device.close();
          for (const readOnly of [false, true]) {
            device = await open({ readOnly });
            const again = new DeviceModel(device, now);
            again.octets.set(model.octets);
            await again.checkAll();
            await again.apply({ do: "extents", offset: 0, length: SIZE, seed: 8 });
            await device.close();
          }
        });
        await fc.assert(property, { numRuns: 60 });
      });
    }
  }
}
