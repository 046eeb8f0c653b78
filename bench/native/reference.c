/*
 * The same calls as the bench makes through Node, made in C. One line of answer for each line of standard input:
 *   <mode> <uri> <count> <threads>   ->   <nanoseconds in all> <check>
 * Modes: info, xml (per domain, in turn), state (bulk, each call is one count). Threads have a connection each,
 * since one shared by threads stalls on libvirt 9.0. Connections and handles are made once and are not timed.
 */
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_THREADS 16

struct seat {
    virConnectPtr connection;
    virDomainPtr *domains;
    int domain_count;
    const char *mode;
    long calls;
    /* What a wrong answer would change: the sum of memory in KiB, bytes of XML, or domains with a state. */
    unsigned long long check;
};

static struct seat seats[MAX_THREADS];
static char open_uri[512];

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, virGetLastErrorMessage());
    exit(1);
}

static void open_seat(struct seat *seat, const char *uri) {
    if (seat->connection != NULL) return;
    seat->connection = virConnectOpen(uri);
    if (seat->connection == NULL) fail("virConnectOpen");
    seat->domain_count = virConnectListAllDomains(seat->connection, &seat->domains, 0);
    if (seat->domain_count < 1) fail("virConnectListAllDomains");
}

static void close_seats(void) {
    for (int i = 0; i < MAX_THREADS; i++) {
        if (seats[i].connection == NULL) continue;
        for (int d = 0; d < seats[i].domain_count; d++) virDomainFree(seats[i].domains[d]);
        free(seats[i].domains);
        virConnectClose(seats[i].connection);
        memset(&seats[i], 0, sizeof(seats[i]));
    }
}

static void info(struct seat *seat, virDomainPtr domain) {
    virDomainInfo answer;
    if (virDomainGetInfo(domain, &answer) < 0) fail("virDomainGetInfo");
    seat->check += answer.maxMem;
}

static void xml(struct seat *seat, virDomainPtr domain) {
    char *answer = virDomainGetXMLDesc(domain, 0);
    if (answer == NULL) fail("virDomainGetXMLDesc");
    seat->check += strlen(answer);
    free(answer);
}

static void state(struct seat *seat) {
    virDomainStatsRecordPtr *records;
    int count = virConnectGetAllDomainStats(seat->connection, VIR_DOMAIN_STATS_STATE, &records, 0);
    if (count < 0) fail("virConnectGetAllDomainStats");
    for (int i = 0; i < count; i++) {
        int value;
        if (virTypedParamsGetInt(records[i]->params, records[i]->nparams, "state.state", &value) == 1) seat->check++;
    }
    virDomainStatsRecordListFree(records);
}

static void *work(void *argument) {
    struct seat *seat = argument;
    for (long call = 0; call < seat->calls; call++) {
        virDomainPtr domain = seat->domains[call % seat->domain_count];
        if (strcmp(seat->mode, "info") == 0) info(seat, domain);
        else if (strcmp(seat->mode, "xml") == 0) xml(seat, domain);
        else state(seat);
    }
    return NULL;
}

int main(void) {
    char mode[16], uri[512];
    long count;
    int threads;
    while (scanf("%15s %511s %ld %d", mode, uri, &count, &threads) == 4) {
        pthread_t running[MAX_THREADS];
        struct timespec begin, end;
        unsigned long long check = 0;
        if (threads < 1 || threads > MAX_THREADS) return 2;
        if (strcmp(uri, open_uri) != 0) {
            close_seats();
            strcpy(open_uri, uri);
        }
        for (int i = 0; i < threads; i++) {
            open_seat(&seats[i], uri);
            seats[i].mode = mode;
            seats[i].calls = count / threads;
            seats[i].check = 0;
        }
        clock_gettime(CLOCK_MONOTONIC, &begin);
        if (threads == 1) work(&seats[0]);
        else {
            for (int i = 0; i < threads; i++) pthread_create(&running[i], NULL, work, &seats[i]);
            for (int i = 0; i < threads; i++) pthread_join(running[i], NULL);
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        for (int i = 0; i < threads; i++) check += seats[i].check;
        printf("%lld %llu\n", (end.tv_sec - begin.tv_sec) * 1000000000LL + (end.tv_nsec - begin.tv_nsec), check);
        fflush(stdout);
    }
    close_seats();
    return 0;
}
