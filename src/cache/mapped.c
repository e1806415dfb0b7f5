#include "cache/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *map(struct mapped *m, int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "it is not a file";
	if (st.st_size == 0)
		return "the file is empty";
	if ((uint64_t)st.st_size > max)
		return "the file is too large";
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return strerror(errno);
	m->bytes = slice_of(p, (size_t)st.st_size);
	return NULL;
}

bool mapped_open(struct mapped *m, const char *path, size_t max, const char **out_why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *why = fd < 0 ? strerror(errno) : map(m, fd, max);

	if (fd >= 0)
		close(fd);
	if (why)
		*out_why = why;
	return why == NULL;
}

void mapped_close(struct mapped *m)
{
	if (m->bytes.p)
		munmap((void *)(uintptr_t)m->bytes.p, m->bytes.n);
	m->bytes = SLICE_EMPTY;
}
