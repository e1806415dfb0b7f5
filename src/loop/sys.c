/* The system outside the loop.  Nothing here may block on a peer. */
#include "loop/sys.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"

uint64_t sys_seed(void)
{
	uint64_t seed;

	/* Up to 256 bytes come whole once the pool is ready (getrandom(2)); a signal can only cut the wait for it. */
	while (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		must(errno == EINTR);
	return seed;
}

uint64_t sys_raise_files(void)
{
	struct rlimit lim;

	must(getrlimit(RLIMIT_NOFILE, &lim) == 0);
	if (lim.rlim_cur < lim.rlim_max) {
		struct rlimit hard = { lim.rlim_max, lim.rlim_max };
		if (setrlimit(RLIMIT_NOFILE, &hard) == 0)
			lim = hard;
	}
	return lim.rlim_cur;
}

/* Whole, to something that never makes the writer wait for long. */
static long write_whole(int fd, struct slice bytes)
{
	size_t done = 0;

	while (done < bytes.n) {
		ssize_t n = write(fd, bytes.p + done, bytes.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			return done > 0 ? (long)done : -1;
		done += (size_t)n;
	}
	return (long)done;
}

long sys_log_write(int fd, struct slice bytes)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
		return write_whole(fd, bytes);

	size_t done = 0;
	while (done < bytes.n) {
		struct pollfd pfd = { .fd = fd, .events = POLLOUT };
		if (poll(&pfd, 1, 0) < 0)
			return done > 0 ? (long)done : errno == EINTR ? 0 : -1;
		if (pfd.revents & (POLLERR | POLLHUP | POLLNVAL))
			return done > 0 ? (long)done : -1;
		if (!(pfd.revents & POLLOUT))
			break;
		long n = write_whole(fd, slice_of(bytes.p + done, MIN_OF(bytes.n - done, (size_t)PIPE_BUF)));
		if (n <= 0)
			return done > 0 ? (long)done : n;
		done += (size_t)n;
	}
	return (long)done;
}

uint64_t sys_rss(void)
{
	unsigned long size, resident;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	int got = fscanf(f, "%lu %lu", &size, &resident);
	fclose(f);
	return got == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t sys_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t n = 0;

	if (dir == NULL)
		return 0;
	for (struct dirent *e; (e = readdir(dir)) != NULL; )
		n += e->d_name[0] != '.';
	closedir(dir);
	return n - 1;	/* the directory itself was open */
}

void sys_harden(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
