import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { AccelerationService } from './acceleration/acceleration.service.js';
import { GuestProbe } from './acceleration/guest-probe.js';
import { AGENT_CONFIG, type AgentConfig } from './config.js';
import { DiskCheck } from './disks/disk-check.js';
import { DiskWatch } from './disks/disk-watch.js';
import { DiskService } from './disks/disk.service.js';
import { DomainWatch } from './events/domain-watch.js';
import { HostEvents } from './events/host-events.js';
import { FilterEnforcement } from './filters/filter-enforcement.js';
import { FilterHandlers } from './filters/filter.handlers.js';
import { FilterService } from './filters/filter.service.js';
import { NwFilterRepository } from './filters/nwfilter.repository.js';
import { HostFactsReader } from './hypervisor/host-facts.js';
import { Hypervisor } from './hypervisor/hypervisor.js';
import { hypervisorProbe } from './hypervisor/hypervisor.probe.js';
import { QuarantineReporter } from './hypervisor/quarantine.reporter.js';
import { ImageStore } from './images/image.store.js';
import { HostDetailsReader } from './inventory/host-details.reader.js';
import { InventoryHandlers } from './inventory/inventory.handlers.js';
import { InventoryService } from './inventory/inventory.service.js';
import { PciDeviceReader } from './inventory/pci-device.reader.js';
import { HostCommand } from './kernel/host-command.js';
import { KernelRulesReader } from './kernel/kernel-rules.reader.js';
import { NetworkHandlers } from './networks/network.handlers.js';
import { HostNetworkReader } from './networks/host-network.reader.js';
import { HostRanges } from './networks/host-ranges.service.js';
import { LeaseService } from './networks/lease.service.js';
import { NetworkCheck } from './networks/network-check.service.js';
import { NetworkRepairs } from './networks/network-repairs.js';
import { NetworkReporter } from './networks/network.reporter.js';
import { NetworkRepository } from './networks/network.repository.js';
import { NetworkService } from './networks/network.service.js';
import { NetworkWatch } from './networks/network-watch.js';
import { HostReporter } from './reports/host.reporter.js';
import { DomainRepository } from './vms/domain.repository.js';
import { GuestFolders } from './vms/guest-folders.js';
import { RunningCards } from './vms/running-cards.js';
import { TaskRecords } from './vms/task-records.js';
import { VmHandlers } from './vms/vm.handlers.js';
import { VmPowerHandlers } from './vms/vm-power.handlers.js';
import { VmService } from './vms/vm.service.js';
import { VmGate } from './work/vm-gate.js';

const disks = [ImageStore, DiskService];
const vms = [VmGate, GuestFolders, DomainRepository, RunningCards, TaskRecords, VmService];
const networks = [
  HostNetworkReader,
  HostRanges,
  LeaseService,
  NetworkRepository,
  NetworkRepairs,
  NetworkCheck,
  NetworkService,
  NetworkReporter,
  NetworkWatch,
];
const kernel = [HostCommand, KernelRulesReader];
const filters = [NwFilterRepository, FilterEnforcement, FilterService];
const reports = [DiskCheck, DiskWatch, InventoryService, PciDeviceReader, HostDetailsReader, HostReporter];
const events = [HostEvents, DomainWatch];

/** Global, for readiness (which the platform's module checks) asks it too. */
@Global()
@Module({
  providers: [Hypervisor, GuestProbe, AccelerationService, HostFactsReader, QuarantineReporter],
  exports: [Hypervisor, AccelerationService, HostFactsReader, QuarantineReporter, AGENT_CONFIG],
})
class HypervisorModule {
  static forRoot(config: AgentConfig): DynamicModule {
    return { module: HypervisorModule, providers: [{ provide: AGENT_CONFIG, useValue: config }] };
  }
}

@Module({})
export class AppModule {
  static forRoot(config: AgentConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        HypervisorModule.forRoot(config),
        PlatformModule.forRoot({
          service: 'hypervisor-agent',
          hostId: config.HOST_ID,
          logger,
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          probes: [{ inject: [Hypervisor, QuarantineReporter, AccelerationService], useFactory: hypervisorProbe }],
        }),
      ],
      controllers: [VmHandlers, VmPowerHandlers, NetworkHandlers, FilterHandlers, InventoryHandlers],
      providers: [...disks, ...vms, ...kernel, ...networks, ...filters, ...reports, ...events],
    };
  }
}
