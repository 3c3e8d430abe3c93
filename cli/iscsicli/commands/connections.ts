/** Connections of sessions that are open: added, and taken away again. RFC 7143 4.2.1. */
import type { NewConnection } from "../../../lib/initiator_service/control.ts";
import { exactly, type IscsicliCommand, type Surroundings } from "../command.ts";
import { checkInstance, sourceAddressOf } from "../initiator_port.ts";
import { IscsicliError, Isdsc } from "../isdsc.ts";
import { checkSecurity, loginOptionsOf, portalUnlessStar, quickChap } from "../login_words.ts";
import { ISCSI_SOCKET } from "../names.ts";
import { connectionId, findConnection, findSession, prefixed } from "../session_id.ts";
import { addressOf } from "../words.ts";

/** An instance and a portal, as both commands have them. */
const SESSION = 0, INSTANCE = 1, PORT_NUMBER = 2, ADDRESS = 3, SOCKET = 4, SECURITY = 5;
const LOGIN_FLAGS = 6, KEY = 15;

export const CONNECTION_COMMANDS: readonly IscsicliCommand[] = [
  {
    name: "AddConnection",
    words: "<SessionId> <Initiator Instance> <Port Number> <Target Portal Address> " +
      "<Target Portal Socket> <Security Flags> <Login Flags> <Header Digest> <Data Digest> " +
      "<Max Connections> <DefaultTime2Wait> <DefaultTime2Retain> <Username> <Password> " +
      "<AuthType> <Key>",
    takes: exactly(16),
    async run(around, words) {
      checkInstance(words[INSTANCE]);
      checkSecurity(words[SECURITY]!, words[KEY]!);
      const { name } = await around.control.show();
      const login = loginOptionsOf(words.slice(LOGIN_FLAGS), name);
      const { chap, mutual, headerDigest, dataDigest } = login;
      await addConnection(around, words[SESSION]!, {
        portal: portalUnlessStar(words[ADDRESS]!, words[SOCKET]!),
        sourceAddress: sourceAddressOf(words[PORT_NUMBER], around.addresses()),
        ...{ chap, mutual, headerDigest, dataDigest },
      });
    },
  },
  {
    name: "QAddConnection",
    words: "<SessionId> <Initiator Instance> <Target Portal Address> " +
      "[CHAP Username] [CHAP Password]",
    takes: exactly(3, 5),
    async run(around, [session, instance, addressWord, user, secret]) {
      checkInstance(instance);
      const { name } = await around.control.show();
      const address = addressOf(addressWord!);
      const cid = await addConnection(around, session!, {
        portal: address === undefined ? undefined : { address, port: ISCSI_SOCKET },
        chap: quickChap(user, secret, name),
      });
      around.say(`Connection Id is ${prefixed(connectionId(cid))}`);
    },
  },
  {
    name: "RemoveConnection",
    words: "<SessionId> <ConnectionId>",
    takes: exactly(2),
    async run({ control }, [sessionWord, connectionWord]) {
      const session = await findSession(control, sessionWord!);
      const { cid } = findConnection(session, connectionWord!);
      if (session.connectionList.length === 1) {
        throw new IscsicliError(Isdsc.CANNOT_REMOVE_LAST_CONNECTION);
      }
      if (session.connectionList[0]!.cid === cid) {
        throw new IscsicliError(Isdsc.CANNOT_REMOVE_LEADING_CONNECTION);
      }
      await control.removeConnection(session.id, cid);
    },
  },
];

/** Answers its CID. */
async function addConnection(
  { control }: Surroundings,
  word: string,
  connection: NewConnection,
): Promise<number> {
  const { id } = await findSession(control, word);
  return (await control.addConnection(id, connection)).facts.cid;
}
