/* What scenarios may do to the simulated system. */
#ifndef SIM_SYS_H
#define SIM_SYS_H

#include <stddef.h>

struct loop;

/* The watchers of `signum` are told in the next turn. */
void sim_sys_raise(struct loop *l, int signum);
/* TLS settings (tls.h) that somebody holds. */
size_t sim_sys_tls(void);

#endif
