/** How the initiator's service ends: in order, in time, and with what it cannot know kept in mind. */
import assert from "node:assert/strict";
import { openDevice } from "../../../lib/device_url.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import type { PipeEnd } from "../../support/byte_pipe.ts";
import { InitiatorHouse } from "../../support/initiator_house.ts";
import { PORTAL, PORTAL_TEXT } from "../../support/initiator_node.ts";
import { TestClock } from "../../support/test_clock.ts";
import { TARGET_NAME } from "../../support/test_target.ts";
import { VolatileDevice } from "../../support/volatile_device.ts";

const LOGIN = {
  target: TARGET_NAME,
  paths: [{ portal: { address: PORTAL.host, port: PORTAL.port } }],
  persistent: true,
};

/** In which portal group it says that a session of the login may be. */
async function leftIn(house: InitiatorHouse): Promise<number | undefined> {
  return (await house.service.state()).logins[0]!.paths[0]!.openIn;
}

/** The initiator's ends of the connections that are made from now on. */
function streamsOf(house: InitiatorHouse): PipeEnd[] {
  const streams: PipeEnd[] = [];
  house.network.portals.set(PORTAL_TEXT, () => {
    const { stream } = house.target.connect();
    streams.push(stream);
    return stream;
  });
  return streams;
}

Deno.test("A150: it flushes what is attached, then logs out, and leaves nothing at the target", () => {
  const device = new VolatileDevice(1 << 20);
  return InitiatorHouse.with(async (house) => {
    const { facts } = await house.control.logIn(LOGIN);
    const { url } = (await house.control.attach(facts.devices[0]!.name, { way: "url" })).facts
      .attached!;
    const disk = await (await openDevice(url!)).device;
    await disk.write(0, new Uint8Array(4096).fill(7), 0, 4096);
    const sessionsAtFlush: number[] = [];
    const flush = device.flush.bind(device);
    device.flush = () => {
      sessionsAtFlush.push(house.target.node.sessions.size);
      return flush();
    };
    assert.equal(await leftIn(house), 1);
    await house.service.stop();
    assert.deepEqual(sessionsAtFlush.slice(0, 1), [1], "it was flushed while logged in");
    assert.equal(house.target.node.sessions.size, 0);
    assert.equal(await leftIn(house), undefined);
    await disk.close().catch(() => undefined);
  }, { device, makeClock: () => systemClock });
});

Deno.test("A150 A137: a target that does not confirm the logout is not waited for long, and kept in mind", () =>
  InitiatorHouse.with(async (house) => {
    const streams = streamsOf(house);
    await house.control.logIn(LOGIN);
    streams.at(-1)!.peer.stopTaking();
    await house.service.stop();
    assert.equal(await leftIn(house), 1, "the next service ends it before it writes");
  }));

Deno.test("A150: asked again, it waits for no target any more", () =>
  InitiatorHouse.with(async (house) => {
    const streams = streamsOf(house);
    await house.control.logIn(LOGIN);
    streams.at(-1)!.peer.stopTaking();
    // The clock stands still: no time-out can end it.
    const stopped = house.service.stop();
    house.service.stop();
    await stopped;
    assert.equal(await leftIn(house), 1);
  }, { makeClock: () => new TestClock() }));
