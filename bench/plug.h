/*
 * The system as the measuring tools see it: monotonic clock, loopback TCP sockets, epoll with an absolute
 * deadline. Only loopback addresses are accepted: time stamps of two processes compare only on one
 * machine.
 */
#ifndef BENCH_PLUG_H
#define BENCH_PLUG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#define PLUG_MS 1000000ull      /* nanoseconds */
#define PLUG_S 1000000000ull

/* CLOCK_MONOTONIC: the same count in every process of the machine. */
uint64_t plug_now_ns(void);

/* "127.0.0.1:8080" or "8080". False when it is not a loopback IPv4 address with a port. */
bool plug_address(const char *text, struct sockaddr_in *out);

/* Listening, non-blocking socket, or -1 with errno. Port 0 takes a free one; *out_port tells which. */
int plug_listen(const struct sockaddr_in *at, unsigned *out_port);

/* Next waiting connection, non-blocking and with Nagle off, or -1 when there is none. */
int plug_accept(int listener);

/* Starts to connect: a non-blocking socket with Nagle off, or -1 with errno. Writable means: see
 * plug_error(). */
int plug_connect(const struct sockaddr_in *to, int receive_buffer_bytes);

/* The pending error of a socket (errno value), 0 when there is none. */
int plug_error(int fd);

/* Closes with a TCP reset instead of an orderly end. */
void plug_reset(int fd);

/* Raises the limit on open files to what the system allows; false when that is less than `need`. */
bool plug_files(size_t need);

/* Makes wake-ups exact to the nanosecond timer instead of within the default slack of 50 us. */
void plug_exact_timers(void);

/* From now on plug_wait() polls and yields the core instead of sleeping. On virtual machines falling
 * asleep and being woken costs tens of microseconds, paid by whoever wakes: with this, the proxy under
 * test does not pay for its peers. */
void plug_spin(void);

/* Waits for events until the absolute time until_ns (DUE_NEVER: for ever). Returns their number, 0 on
 * time-out or signal. */
int plug_wait(int epoll, struct epoll_event *events, int max, uint64_t until_ns);

/* Registers, changes or removes interest; `tag` comes back in events. Failing is a defect: ends the
 * program. */
void plug_watch(int epoll, int op, int fd, uint32_t events, void *tag);

/* A number from a command line option within [min, max]; prints what is wrong and exits with 2 otherwise. */
uint64_t plug_number(const char *option, const char *text, uint64_t min, uint64_t max);

#endif
