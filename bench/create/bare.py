"""Domains by libvirt alone: for each line `<threads> <file> ...` defines and creates the domain of every file, and answers
with the nanoseconds that each took, in order, and those of all together."""
import concurrent.futures
import sys
import time

import libvirt

uri = sys.argv[1]
connections = []


def connection(index):
    while len(connections) <= index:
        connections.append(libvirt.open(uri))
    return connections[index]


def make(index, threads, xml):
    begin = time.perf_counter_ns()
    connection(index % threads).defineXML(xml).create()
    return time.perf_counter_ns() - begin


for line in sys.stdin:
    threads, *files = line.split()
    threads = int(threads)
    texts = [open(file, encoding="utf-8").read() for file in files]
    for index in range(threads):
        connection(index)
    begin = time.perf_counter_ns()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        each = list(pool.map(make, range(len(texts)), [threads] * len(texts), texts))
    print(time.perf_counter_ns() - begin, *each, flush=True)
