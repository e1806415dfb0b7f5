/* sys.h, sig.h and tls.h of the sim: seeds from the seed, log lines into the world's log, signals raised by scenarios,
 * TLS as a name only (sim_stream.c plays the handshake by host name). */
#include "sim_sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/sig.h"
#include "loop/sys.h"
#include "loop/tls.h"
#include "sim_world.h"

uint64_t sys_seed(void)
{
	struct loop *l = sim_world();

	return l ? dice_u64(&l->dice) : 1;
}

uint64_t sys_raise_files(void)
{
	return 1u << 20;
}

long sys_log_write(int fd, struct slice bytes)
{
	struct loop *l = sim_world();

	if (!l || l->log_broken)
		return -1;
	if (l->log_blocked)
		return 0;
	if (l->trace)
		fprintf(stderr, "%9.3f ms         log%d: %.*s", (double)l->now_ns / 1e6, fd, SLICE_ARG(bytes));
	buf_add(&l->log, bytes);
	return (long)bytes.n;
}

/* Not 0, which means unknown, and the same in every run. */
uint64_t sys_rss(void)
{
	return 8u << 20;
}

uint64_t sys_open_files(void)
{
	return sim_world() ? 8 + sim_world()->n_wires : 8;
}

void sys_harden(void)
{
}

struct sig {
	struct list node;		/* loop->signals */
	struct sim_event raised;
	int signum;
	sig_on_signal *on_signal;
	void *arg;
	struct grave grave;
	struct loop *loop;
};

static void on_raised(struct sim_event *e)
{
	struct sig *s = CONTAINER(e, struct sig, raised);

	s->on_signal(s->arg, s->signum);
}

struct sig *sig_watch(struct loop *l, int signum, sig_on_signal *on_signal, void *arg)
{
	struct sig *s = calloc(1, sizeof(*s));

	must(s && on_signal);
	list_init(&s->node);
	list_push_back(&l->signals, &s->node);
	sim_event_init(&s->raised, on_raised);
	s->signum = signum;
	s->on_signal = on_signal;
	s->arg = arg;
	s->loop = l;
	return s;
}

static void dig_sig(struct grave *g)
{
	free(CONTAINER(g, struct sig, grave));
}

void sig_close(struct sig **sp)
{
	struct sig *s = *sp;

	if (!s)
		return;
	list_remove(&s->node);
	sim_event_clear(&s->raised);
	loop_bury(s->loop, &s->grave, dig_sig);
	*sp = NULL;
}

void sim_sys_raise(struct loop *l, int signum)
{
	LIST_EACH(node, tmp, &l->signals) {
		struct sig *s = LIST_ITEM(node, struct sig, node);
		if (s->signum == signum)
			sim_event_set(l, &s->raised, 0);
	}
}

static size_t n_tls;	/* settings alive, of clients and servers */

size_t sim_sys_tls(void)
{
	return n_tls;
}

struct tls_client {
	unsigned refs;
};

struct tls_server {
	unsigned refs;
};

/* A path that starts like this stands for a file that is not there. */
static bool missing(const char *file, char *why, size_t why_cap)
{
	if (!file || !slice_starts(slice_str(file), SLICE("/missing")))
		return false;
	snprintf(why, why_cap, "%s: no such file", file);
	return true;
}

struct tls_client *tls_client_new(const struct tls_client_opts *o, char *why, size_t why_cap)
{
	struct tls_client *c;

	if (missing(o->ca_file, why, why_cap))
		return NULL;
	c = calloc(1, sizeof(*c));
	must(c);
	n_tls++;
	c->refs = 1;
	return c;
}

struct tls_client *tls_client_ref(struct tls_client *c)
{
	c->refs++;
	return c;
}

void tls_client_unref(struct tls_client **c)
{
	if (*c && --(*c)->refs == 0) {
		n_tls--;
		free(*c);
	}
	*c = NULL;
}

struct tls_server *tls_server_new(const char *cert_file, const char *key_file, char *why, size_t why_cap)
{
	struct tls_server *s;

	if (missing(cert_file, why, why_cap) || missing(key_file, why, why_cap))
		return NULL;
	s = calloc(1, sizeof(*s));
	must(s);
	n_tls++;
	s->refs = 1;
	return s;
}

struct tls_server *tls_server_ref(struct tls_server *s)
{
	s->refs++;
	return s;
}

void tls_server_unref(struct tls_server **s)
{
	if (*s && --(*s)->refs == 0) {
		n_tls--;
		free(*s);
	}
	*s = NULL;
}
