/*
 * weir-provider: a model provider to measure against. OpenAI chat dialect over HTTP/1.1 on loopback, one
 * thread, epoll. Streams follow an absolute schedule (event k leaves at start + ttft + k * gap), so that
 * one late event does not delay the next and the schedule is the same whoever stands in front. This file:
 * options, listener, loop.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "simfault.h"
#include "plug.h"

static int listener;
static volatile sig_atomic_t stopping;

static void on_listener(void)
{
	int fd;
	while ((fd = plug_accept(listener)) >= 0)
		caller_new(fd);
	if (errno == EMFILE || errno == ENFILE) {
		fprintf(stderr, "weir-provider: out of file descriptors\n");
		exit(2);
	}
}

static void on_stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static void serve(void)
{
	struct epoll_event events[512];
	while (!stopping) {
		int n = plug_wait(caller_shop.epoll, events, 512, due_next_ns(&caller_shop.heap));
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				caller_on_event(events[i].data.ptr, events[i].events);
			else
				on_listener();
		}
		caller_run_due();
		caller_free_dead();
	}
}

static void usage(void)
{
	puts("weir-provider [options]: a simulated model provider (OpenAI chat dialect) on loopback\n"
		"  --listen ADDR        127.0.0.1:PORT or PORT; default 0: a free port. The first line says\n"
		"                       \"listening 127.0.0.1:PORT\"\n"
		"  --events N           events of a stream whose request has no max_tokens; default 50\n"
		"  --gap-ms G           time between two events; default 40, 0: as fast as they are read\n"
		"  --ttft-ms T          time from request to role chunk and event 0; default 0\n"
		"  --delay-ms D         time from request to a JSON answer; default 0\n"
		"  --answer-bytes B     size of a JSON answer's body; default 1024\n"
		"  --pad-bytes B        padding in every event's text; default 0\n"
		"  --slow-ms S          what sim-slow adds; default 2000\n"
		"  --steady             the fingerprint is the same in all answers, not a hash of the messages\n"
		"  --spin               poll instead of sleeping\n"
		"GET /stats shows the counters; GET /stats?reset starts the lateness histogram afresh.\n"
		"A request's max_tokens is the number of its events.\n"
		"The last \"nonce-<16 hex digits>\" in the messages is echoed.");
	simfault_help();
}

enum {
	OPT_LISTEN = 256, OPT_EVENTS, OPT_GAP, OPT_TTFT, OPT_DELAY, OPT_ANSWER, OPT_PAD, OPT_SLOW, OPT_SPIN, OPT_STEADY,
	OPT_HELP,
};

static const struct option options[] = {
	{"listen", 1, NULL, OPT_LISTEN}, {"events", 1, NULL, OPT_EVENTS}, {"gap-ms", 1, NULL, OPT_GAP},
	{"ttft-ms", 1, NULL, OPT_TTFT}, {"delay-ms", 1, NULL, OPT_DELAY},
	{"answer-bytes", 1, NULL, OPT_ANSWER},
	{"pad-bytes", 1, NULL, OPT_PAD}, {"slow-ms", 1, NULL, OPT_SLOW}, {"spin", 0, NULL, OPT_SPIN},
	{"steady", 0, NULL, OPT_STEADY},
	{"help", 0, NULL, OPT_HELP}, {0},
};

static uint64_t milliseconds(const char *name)
{
	return plug_number(name, optarg, 0, 3600000) * PLUG_MS;
}

static void read_option(int o, const char *name, struct sockaddr_in *at)
{
	struct caller_opt *opt = &caller_shop.opt;
	switch (o) {
	case OPT_LISTEN:
		if (!plug_address(optarg, at)) {
			fprintf(stderr, "--listen: \"%s\" is not a loopback address with a port\n", optarg);
			exit(2);
		}
		break;
	case OPT_EVENTS: opt->events = (unsigned)plug_number(name, optarg, 0, CALLER_EVENTS_MAX); break;
	case OPT_GAP: opt->gap_ns = milliseconds(name); break;
	case OPT_TTFT: opt->ttft_ns = milliseconds(name); break;
	case OPT_DELAY: opt->delay_ns = milliseconds(name); break;
	case OPT_ANSWER: opt->answer_bytes = plug_number(name, optarg, 0, 1 << 28); break;
	case OPT_PAD: opt->pad_bytes = plug_number(name, optarg, 0, 1 << 24); break;
	case OPT_SLOW: opt->slow_ns = milliseconds(name); break;
	case OPT_SPIN: plug_spin(); break;
	case OPT_STEADY: opt->steady = true; break;
	case OPT_HELP: usage(); exit(0);
	default: fprintf(stderr, "weir-provider --help shows the options\n"); exit(2);
	}
}

static void read_options(int argc, char **argv, struct sockaddr_in *at)
{
	int o, index = 0;
	while ((o = getopt_long(argc, argv, "", options, &index)) != -1)
		read_option(o, options[index].name, at);
	if (optind < argc) {
		fprintf(stderr, "weir-provider takes no argument \"%s\"\n", argv[optind]);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	unsigned port = 0;
	plug_address("0", &at);
	read_options(argc, argv, &at);
	plug_files(0);
	plug_exact_timers();
	signal(SIGPIPE, SIG_IGN);
	struct sigaction stop = {.sa_handler = on_stop};
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	caller_shop.epoll = epoll_create1(EPOLL_CLOEXEC);
	listener = plug_listen(&at, &port);
	if (caller_shop.epoll < 0 || listener < 0) {
		fprintf(stderr, "weir-provider: cannot listen: %s\n", strerror(errno));
		return 2;
	}
	plug_watch(caller_shop.epoll, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
	printf("listening 127.0.0.1:%u\n", port);
	fflush(stdout);
	serve();
	return 0;
}
