/* The few other things asked of the system: files at start and reload, descriptors, entropy, log output. */
#ifndef LOOP_SYS_H
#define LOOP_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/* 64 bits from the kernel: seeds. */
uint64_t sys_seed(void);
/* Raises the descriptor limit to the hard limit.  Returns the limit now in force. */
uint64_t sys_raise_files(void);
/* Writes to a descriptor without ever blocking the loop: a pipe or socket that is full takes nothing (poll first, at
 * most PIPE_BUF = 4096 bytes a write, which POSIX promises not to block then); files and terminals are written whole.
 * Returns bytes taken, 0 when it would block, -1 when the other side is gone or the disk is full. */
long sys_log_write(int fd, struct slice bytes);
/* Resident memory of this process in bytes, and open descriptors: for /metrics.  0 when unknown. */
uint64_t sys_rss(void);
uint64_t sys_open_files(void);
/* No core dumps and no ptrace by others: keys are in memory (faults.md 6). */
void sys_harden(void);

#endif
