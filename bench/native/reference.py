"""The calls of reference.c in Debian's python3-libvirt, with the same lines in and out."""
import sys
import time

import libvirt

connection = None
domains = []
open_uri = None

for line in sys.stdin:
    mode, uri, count, _threads = line.split()
    if uri != open_uri:
        connection = libvirt.open(uri)
        domains = connection.listAllDomains(0)
        open_uri = uri
    check = 0
    begin = time.perf_counter_ns()
    for call in range(int(count)):
        domain = domains[call % len(domains)]
        if mode == "info":
            check += domain.info()[1]
        elif mode == "xml":
            check += len(domain.XMLDesc(0))
        else:
            answer = connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE, 0)
            check += sum(1 for _, values in answer if "state.state" in values)
    print(time.perf_counter_ns() - begin, check, flush=True)
