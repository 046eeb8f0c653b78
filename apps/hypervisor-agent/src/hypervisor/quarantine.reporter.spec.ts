import { loadConfig } from '@infinibay/platform-config';
import { createLogger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { describe, expect, it } from '@jest/globals';
import { AccelerationService } from '../acceleration/acceleration.service.js';
import { GuestProbe } from '../acceleration/guest-probe.js';
import { configSchema } from '../config.js';
import { Hypervisor } from './hypervisor.js';
import { hypervisorProbe } from '../host/hypervisor.probe.js';
import { QuarantineReporter } from './quarantine.reporter.js';

const FIRST = '00000000-0000-4000-8000-000000000001';
const SECOND = '00000000-0000-4000-8000-000000000002';

/** A hypervisor that was never opened: what libvirt tells is told by the test. */
const reporter = () => {
  const config = loadConfig(configSchema, {
    HTTP_PORT: '0',
    NATS_URL: 'nats://127.0.0.1:4222',
    NATS_USER: 'nobody',
    NATS_PASSWORD: 'nothing',
    HOST_ID: FIRST,
    AGENT_SOCKET_DIR: '/nowhere/sockets',
    SCREEN_SOCKET_DIR: '/nowhere/screens',
    IMAGE_DIR: '/nowhere/images',
    DISK_DIR: '/nowhere/disks',
    STATE_DIR: '/nowhere/state',
  });
  const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
  const metrics = new MetricsRegistry('test');
  const hypervisor = new Hypervisor(config, logger, metrics);
  const sut = new QuarantineReporter(hypervisor, logger, metrics);
  const acceleration = new AccelerationService(
    hypervisor,
    new GuestProbe(hypervisor, config, logger),
    config,
    logger,
    metrics,
  );
  const gauge = async () => /^infinibay_quarantined_domains\S* (\d+)$/m.exec(await metrics.registry.metrics())?.[1];
  return { hypervisor, sut, acceleration, gauge };
};

describe('quarantined domains', () => {
  it('are counted by the gauge and named in the health detail until they are released', async () => {
    const { hypervisor, sut, acceleration, gauge } = reporter();
    const probe = hypervisorProbe(hypervisor, sut, acceleration);
    expect(await gauge()).toBe('0');
    expect(probe.detail?.()).toBeUndefined();

    hypervisor.emit('domainQuarantined', { kind: 'domainQuarantined', uuid: FIRST });
    hypervisor.emit('domainQuarantined', { kind: 'domainQuarantined', uuid: SECOND });
    expect(await gauge()).toBe('2');
    expect(probe.detail?.()).toEqual({ quarantinedDomains: [FIRST, SECOND] });

    hypervisor.emit('domainReleased', { kind: 'domainReleased', uuid: FIRST });
    hypervisor.emit('domainReleased', { kind: 'domainReleased', uuid: SECOND });
    expect(await gauge()).toBe('0');
    expect(probe.detail?.()).toBeUndefined();
  });
});
