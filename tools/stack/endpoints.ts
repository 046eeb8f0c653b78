import { fleetLayout } from './fleet.ts';
import { defaultLayout } from './layout.ts';
import { CONSUMER_USER } from './nats-users.ts';
import { healthPortOf, SERVICES, type ServiceContext } from './services.ts';
import { ADMIN_EMAIL } from './first-administrator.ts';

/** What the operator is told once everything is ready; a password of the context is one that was tried. */
export function describeEndpoints(context: ServiceContext): string {
  const { ports, hypervisor, layout, adminPassword } = context;
  const ofFleet = layout.stateDir === fleetLayout(defaultLayout()).stateDir ? ' -- --fleet' : '';
  const at = (port: number): string => `127.0.0.1:${String(port)}`;
  const login =
    adminPassword === undefined
      ? `${ADMIN_EMAIL}; the password was shown at the first start (npm run reset${ofFleet} starts over)`
      : `${ADMIN_EMAIL} with the password ${adminPassword}  (shown this once, stored only as a hash)`;
  const hypervisorLines =
    hypervisor.kind === 'qemu'
      ? [
          ['libvirt', 'npm run virsh -- list --all'],
          ['guest network', 'npm run netns -- iptables-save'],
        ]
      : [
          [
            'libvirt',
            `test driver (${hypervisor.reason}): no guest runs, so there are no guest metrics and no packet filter`,
          ],
        ];
  const rows = [
    ['GraphQL', `http://${at(ports.gateway)}/graphql  (GraphiQL in a browser)`],
    ['socket.io', `http://${at(ports.realtime)}`],
    [
      'NATS',
      `nats://${at(ports.nats)}  (events: user ${CONSUMER_USER}, password in ${layout.secretsFile} under natsPasswords)`,
    ],
    ['PostgreSQL', `${at(ports.postgres)}, database infinibay`],
    ...hypervisorLines,
    ['administrator', login],
    ...SERVICES.map(({ name }) => [name, `http://${at(healthPortOf(name, ports))}/health/ready  /metrics`]),
  ];
  return rows.map(([name = '', value = '']) => `  ${name.padEnd(18)}${value}`).join('\n');
}
