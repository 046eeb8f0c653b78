/* Prints the monotonic clock in nanoseconds at each domain lifecycle event, after one line that says that it listens. */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <time.h>

static int on_event(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque) {
    struct timespec now;
    (void)connection, (void)domain, (void)event, (void)detail, (void)opaque;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv) {
    virConnectPtr connection;
    if (argc != 2 || virEventRegisterDefaultImpl() < 0) return 2;
    connection = virConnectOpen(argv[1]);
    if (connection == NULL) return 1;
    if (virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                         VIR_DOMAIN_EVENT_CALLBACK(on_event), NULL, NULL) < 0)
        return 1;
    printf("listening\n");
    fflush(stdout);
    while (virEventRunDefaultImpl() == 0) continue;
    return 1;
}
