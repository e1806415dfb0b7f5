/* Signals through libuv: the handler writes to a pipe of the loop, so callbacks run in the loop and may do anything. */
#include "loop/sig.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/must.h"
#include "loop/loop_priv.h"

struct sig {
	uv_signal_t uv;
	sig_on_signal *on_signal;
	void *arg;
	int signum;
};

static void on_uv_signal(uv_signal_t *uv, int signum)
{
	struct sig *s = CONTAINER(uv, struct sig, uv);
	s->on_signal(s->arg, signum);
}

static void on_uv_close(uv_handle_t *uv)
{
	free(CONTAINER(uv, struct sig, uv));
}

struct sig *sig_watch(struct loop *l, int signum, sig_on_signal *on_signal, void *arg)
{
	struct sig *s = calloc(1, sizeof(*s));

	must(s != NULL);
	signal(SIGPIPE, SIG_IGN);
	s->on_signal = on_signal;
	s->arg = arg;
	s->signum = signum;
	must(uv_signal_init(&l->uv, &s->uv) == 0);
	must(uv_signal_start(&s->uv, on_uv_signal, signum) == 0);
	/* Waiting for a signal is no reason for the loop to run on. */
	uv_unref((uv_handle_t *)&s->uv);
	return s;
}

/* libuv puts the default action back, which would end the process: held back until it is ignored. */
void sig_close(struct sig **sp)
{
	struct sig *s = *sp;
	sigset_t one, before;

	if (s == NULL)
		return;
	*sp = NULL;
	sigemptyset(&one);
	sigaddset(&one, s->signum);
	must(pthread_sigmask(SIG_BLOCK, &one, &before) == 0);
	uv_close((uv_handle_t *)&s->uv, on_uv_close);
	signal(s->signum, SIG_IGN);
	must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}
