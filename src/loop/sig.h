/* Signals as events in the loop.  SIGPIPE is ignored once any is watched. */
#ifndef LOOP_SIG_H
#define LOOP_SIG_H

struct loop;
struct sig;

typedef void sig_on_signal(void *arg, int signum);

/* Never NULL.  A watched signal alone does not keep loop_run() going. */
struct sig *sig_watch(struct loop *l, int signum, sig_on_signal *on_signal, void *arg);
/* Sets *s to NULL; NULL is fine.  The signal is ignored from now on: whoever watched it is ending by itself, and one
 * more must not end the process in between. */
void sig_close(struct sig **s);

#endif
