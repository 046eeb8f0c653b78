#!/bin/sh
# Runs inside the private network, mount and host-name namespaces of one stack, under a sub-reaper. Gives libvirtd folders of
# its own in place of the machine's and starts it again when it dies; guests survive that.
# usage: libvirt-host.sh <state folder> <host name>
set -eu
state=$1
# The last two are swtpm's: where a TPM of a guest logs to, and the authority that signs the certificates of new ones.
for pair in run:/run/libvirt lib:/var/lib/libvirt etc:/etc/libvirt log:/var/log/libvirt cache:/var/cache/libvirt \
  swtpm-log:/var/log/swtpm swtpm-ca:/var/lib/swtpm-localca; do
  mount --bind "$state/${pair%%:*}" "${pair#*:}"
done
# libvirtd looks up its default user before it reads that qemu.conf names another one. Debian creates that user in a package
# that also enables system services, so it exists only here, inside the mount namespace.
for table in passwd group; do
  cat "/etc/$table" > "$state/etc/$table"
  grep -q '^libvirt-qemu:' "/etc/$table" || case $table in
    passwd) echo 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin' >> "$state/etc/$table" ;;
    group) echo 'libvirt-qemu:x:64055:' >> "$state/etc/$table" ;;
  esac
  mount --bind "$state/etc/$table" "/etc/$table"
done
hostname "$2"
# Without an entry each look-up of our own name would wait for a DNS server that can't be reached from here.
{ cat /etc/hosts; echo "127.0.1.1 $2"; } > "$state/etc/hosts"
mount --bind "$state/etc/hosts" /etc/hosts
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
for knob in bridge-nf-call-iptables bridge-nf-call-ip6tables bridge-nf-call-arptables; do
  # nwfilter's IP rules sit in iptables and see bridged packets only with this on.
  [ ! -w "/proc/sys/net/bridge/$knob" ] || echo 1 > "/proc/sys/net/bridge/$knob"
done

ending=
daemon=
trap 'ending=yes; [ -z "$daemon" ] || kill -TERM "$daemon" 2>/dev/null || true' TERM INT
trap '[ -z "$daemon" ] || kill -HUP "$daemon" 2>/dev/null || true' HUP
while [ -z "$ending" ]; do
  libvirtd -f "$state/etc/libvirtd.conf" -p "$state/run/libvirtd.pid" &
  daemon=$!
  # A trapped signal interrupts wait; go on waiting for as long as the daemon lives.
  while kill -0 "$daemon" 2>/dev/null; do wait "$daemon" || true; done
  [ -n "$ending" ] || { echo "libvirtd ended, starting it again"; sleep 0.5; }
done
