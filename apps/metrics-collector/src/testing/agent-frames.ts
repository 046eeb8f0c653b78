/** `system` of a metrics frame, as both dialects have it. */
export const systemOf = (uptimeSeconds: number): Record<string, unknown> => ({
  cpu: { usage_percent: 12.5, cores_usage: [10, 15] },
  memory: { total_kb: 196_608, used_kb: 40_960, available_kb: 150_000 },
  disk: {
    usage_stats: [{ mount_point: '/', total_gb: 10, used_gb: 1.5, available_gb: 8.5, filesystem: 'ext4' }],
    io_stats: { read_bytes_per_sec: 1, write_bytes_per_sec: 2, read_ops_per_sec: 3, write_ops_per_sec: 4 },
  },
  network: {
    interfaces: [
      {
        name: 'eth0',
        bytes_sent: 1,
        bytes_received: 2,
        packets_sent: 3,
        packets_received: 4,
        errors_in: 0,
        errors_out: 0,
        ip_addresses: ['10.0.0.2'],
        is_up: true,
      },
    ],
  },
  system: {
    uptime_seconds: uptimeSeconds,
    name: 'Linux',
    os_version: '12',
    kernel_version: '6.1',
    hostname: 'web-1',
    load_average: { load_1min: 0.1, load_5min: 0.2, load_15min: 0.3 },
  },
});

/** A frame of the newer dialect: processes beside `system`. */
export const metricsFrame = (uptimeSeconds: number, extra: object = {}): string =>
  `${JSON.stringify({
    type: 'metrics',
    timestamp: '2001-01-01T00:00:00Z',
    vm_id: 'a claim that is ignored',
    data: {
      system: systemOf(uptimeSeconds),
      processes: [
        { pid: 1, ppid: 0, name: 'init', cmd_line: '/init', cpu_percent: 0.5, memory_kb: 900, status: 'sleeping' },
      ],
    },
    ...extra,
  })}\n`;

/** The same in the dialect of 0.1.1: processes inside `system`, other names. */
export const nestedMetricsFrame = (uptimeSeconds: number): string =>
  `${JSON.stringify({
    type: 'metrics',
    timestamp: '2001-01-01T00:00:00Z',
    data: {
      system: {
        ...systemOf(uptimeSeconds),
        processes: [
          {
            id: 1,
            parent_id: 0,
            name: 'init',
            executable_path: '/sbin/init',
            command_line: '/init',
            cpu_usage_percent: 0.5,
            memory_usage_kb: 900,
            status: 'sleeping',
            start_time: 1,
          },
        ],
        ports: [],
        windows_services: [],
      },
    },
  })}\n`;
