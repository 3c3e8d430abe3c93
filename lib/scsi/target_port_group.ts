/** TARGET PORT GROUP of every port: all of them reach a unit equally well. SPC-4. */
export const TARGET_PORT_GROUP = 1;
