import { describeDaemonRegistry } from '../conformance/daemon-registry.ts';
import { testDatabases } from '../support/databases.ts';
import { describeWith } from '../support/suite.ts';

for (const { name, missing, open } of testDatabases) {
  describeWith(`DaemonRegistry on ${name}`, missing, () => describeDaemonRegistry(open));
}
