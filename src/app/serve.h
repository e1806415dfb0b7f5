/* A running process: service, log, signals, reload, drain. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

struct conf;

struct serve_opts {
	const char *file;		/* configuration file, read again on SIGHUP; NULL: there is none */
	struct conf *conf;		/* checked; taken over.  NULL with `demo` */
	const char *demo_listen;	/* not NULL: `weir demo` on this address */
};

/* Runs until SIGTERM or SIGINT have drained it.  Returns the exit status. */
int serve_run(const struct serve_opts *o);

#endif
