/*
 * load: reads the configuration in a child, maps what it left.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ini.h"
#include "log.h"
#include "mem.h"
#include "process.h"
#include "walls.h"

#define ARENA_CHUNK	2048

#define SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Room for the two descriptors, aligned as cmsg(3) wants it. */
union control {
	char		 bytes[CMSG_SPACE(2 * sizeof(int))];
	struct cmsghdr	 align;
};

static int
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t	 n;

	for (; len > 0; bytes += n, len -= (size_t)n)
		if ((n = write(fd, bytes, len)) == -1) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

static int
make_file(const char *name, const struct ini_text *text)
{
	int	 fd, saved;

	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	if (write_all(fd, text->bytes, text->len) == -1 ||
	    fcntl(fd, F_ADD_SEALS, SEALS) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int
load_make_files(const struct ini_load *load, int *whole, int *gateway)
{
	int	 saved;

	if ((*whole = make_file("tollgate-whole", &load->whole)) == -1)
		return -1;
	if ((*gateway = make_file("tollgate-gateway", &load->gateway)) != -1)
		return 0;
	saved = errno;
	close(*whole);
	errno = saved;
	return -1;
}

static int
send_files(int fd, const int files[2])
{
	union control	 control;
	char		 byte = 0;
	struct iovec	 iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr	 msg;
	struct cmsghdr	*c;

	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof(control.bytes);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), files, 2 * sizeof(int));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* The child's whole life. */
static _Noreturn void
read_files(const char *path, int fd, pid_t parent)
{
	struct ini_load	 load;
	int		 files[2];
	size_t		 i;

	if (process_reset_signals() == -1 || process_die_with(parent) == -1)
		_exit(1);
	if (ini_load(path, &load) == -1) {
		for (i = 0; i < load.errors.count; i++)
			log_error("%s", load.errors.lines[i]);
		_exit(1);
	}
	for (i = 0; i < load.warnings.count; i++)
		log_warning("%s", load.warnings.lines[i]);
	for (i = 0; i < load.refused.count; i++)
		log_error("%s", load.refused.lines[i]);
	if (load_make_files(&load, &files[0], &files[1]) == -1 ||
	    send_files(fd, files) == -1) {
		log_errno("the configuration that was read");
		_exit(1);
	}
	_exit(0);
}

pid_t
load_begin(const char *path, int *fd)
{
	int	 pair[2], saved;
	pid_t	 parent = getpid(), pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	if ((pid = fork()) == 0) {
		close(pair[0]);
		read_files(path, pair[1], parent);
	}
	saved = errno;
	close(pair[1]);
	if (pid == -1)
		close(pair[0]);
	*fd = pair[0];
	errno = saved;
	return pid;
}

static int
receive_files(int fd, int files[2])
{
	union control	 control;
	char		 byte;
	struct iovec	 iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr	 msg;
	struct cmsghdr	*c;
	ssize_t		 n;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof(control.bytes);
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	c = CMSG_FIRSTHDR(&msg);
	if (n != 1 || c == NULL || c->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return -1;
	memcpy(files, CMSG_DATA(c), 2 * sizeof(int));
	return 0;
}

static int
map_text(struct load *load, int fd)
{
	struct stat	 st;
	void		*text;

	if (fstat(fd, &st) == -1)
		return -1;
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return -1;
	load->text = text;
	load->len = (size_t)st.st_size;
	return 0;
}

/*
 * The pages that were read stay in the file; what a start looks up comes back
 * with it.  Else each of ten thousand functions is half a kilobyte of ours.
 */
static void
let_go_of_pages(const struct load *load)
{
	if (madvise(load->text, load->len, MADV_DONTNEED) == -1)
		log_errno("madvise");
}

static int
read_settings(struct load *load)
{
	struct config_errors	 errors = { NULL, 0 };
	size_t			 i;
	int			 status;

	load->index = config_index_create(load->text, load->len);
	load->arena = arena_create(ARENA_CHUNK);
	status = config_read_gateway(load->index, load->arena, &load->settings,
	    &errors);
	for (i = 0; i < errors.count; i++)
		log_error("%s", errors.lines[i]);
	config_errors_release(&errors);
	return status;
}

static int
compare_uids(const void *a, const void *b)
{
	const struct load_account	*x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* Only whose they are: each is read anew when it is needed. */
static int
read_accounts(struct load *load)
{
	struct config_errors	 errors = { NULL, 0 };
	struct load_account	*found;
	struct account		 a;
	struct arena		*arena = arena_create(ARENA_CHUNK);
	size_t			 i, count = load->index->account_count;
	int			 status;

	config_default_account(&load->others);
	load->accounts = arena_calloc(load->arena, count,
	    sizeof(*load->accounts));
	for (i = 0; i < count; i++) {
		arena_reset(arena);
		config_read_account(load->index, i, arena, &a, &errors);
		if (strcmp(a.name, ACCOUNT_OTHERS) == 0) {
			config_read_account(load->index, i, load->arena,
			    &load->others, &errors);
			continue;
		}
		found = &load->accounts[load->account_count++];
		found->uid = a.uid;
		found->number = (uint32_t)i;
	}
	arena_free(arena);
	if (load->account_count > 1)
		qsort(load->accounts, load->account_count,
		    sizeof(*load->accounts), compare_uids);
	for (i = 0; i < errors.count; i++)
		log_error("%s", errors.lines[i]);
	status = errors.count == 0 ? 0 : -1;
	config_errors_release(&errors);
	return status;
}

void
load_account(const struct load *load, uid_t uid, struct arena *arena,
    struct account *a)
{
	const struct load_account	 key = { uid, 0 };
	const struct load_account	*found = NULL;
	struct config_errors		 errors = { NULL, 0 };

	if (load->account_count > 0)
		found = bsearch(&key, load->accounts, load->account_count,
		    sizeof(*load->accounts), compare_uids);
	if (found == NULL) {
		*a = load->others;
		return;
	}
	config_read_account(load->index, found->number, arena, a, &errors);
	config_errors_release(&errors);		/* it was read before */
}

bool
load_has_accounts(const struct load *load)
{
	return load->index->account_count > 0;
}

/* Where it really is, if that can be told, even if it is yet to be made. */
static const char *
real_path(struct arena *arena, const char *path)
{
	const char	*slash = strrchr(path, '/'), *found = NULL;
	char		*real;

	if ((real = realpath(path, NULL)) != NULL)
		found = arena_strdup(arena, real);
	else if (slash != NULL && slash != path) {
		real = realpath(arena_strndup(arena, path,
		    (size_t)(slash - path)), NULL);
		if (real != NULL)
			found = arena_printf(arena, "%s%s", real, slash);
	}
	free(real);
	return found;
}

/* The configuration's file that name, which may be relative to it, means. */
static const char *
beside(struct arena *arena, const char *config, const char *name)
{
	const char	*slash = strrchr(config, '/');

	if (*name == '/' || slash == NULL)
		return name;
	return arena_printf(arena, "%.*s/%s", (int)(slash - config), config,
	    name);
}

/* Does its mode let others open it, or enter it? */
static bool
is_open(const struct gateway_settings *s, const char *path)
{
	struct stat	 st;
	mode_t		 others = S_IRWXO;

	if (stat(path, &st) == -1)
		return false;
	if (st.st_gid != 0 && st.st_gid != s->gid)
		others |= S_IRWXG;
	return (st.st_mode & others) != 0;
}

/* What no worker shall see, whatever folder is shown to it. */
static struct walls *
make_walls(struct load *load)
{
	const struct gateway_settings	*s = &load->settings;
	const char	*config = config_index_file(load->index, load->arena);
	const char	*paths[] = {
		config, beside(load->arena, config, s->functions),
		beside(load->arena, config, s->accounts), s->run_dir,
		s->state_dir, s->accounting, s->error_log, s->function_logs,
		s->pid_file,
	};
	const size_t	 count = sizeof(paths) / sizeof(paths[0]);
	struct word_list private = { NULL, 0 };
	const char	*real;
	size_t		 i;

	private.words = arena_calloc(load->arena, count,
	    sizeof(*private.words));
	load->open_files.words = arena_calloc(load->arena, count,
	    sizeof(*private.words));
	for (i = 0; i < count; i++)
		if (*paths[i] == '/' &&
		    (real = real_path(load->arena, paths[i])) != NULL) {
			private.words[private.count++] = real;
			if (is_open(s, real))
				load->open_files.words[
				    load->open_files.count++] = real;
		}
	return walls_create(&private);
}

struct load *
load_finish(int fd, uint64_t generation)
{
	struct load	*load;
	int		 files[2], status;

	status = receive_files(fd, files);
	close(fd);
	if (status == -1)
		return NULL;

	load = xcalloc(1, sizeof(*load));
	load->generation = generation;
	load->gateway_fd = files[1];
	status = map_text(load, files[0]);
	if (status == -1)
		log_errno("the configuration that was read");
	close(files[0]);
	if (status == 0 && read_settings(load) == 0 &&
	    read_accounts(load) == 0) {
		load->walls = make_walls(load);
		let_go_of_pages(load);
		return load;
	}
	load_free(load);
	return NULL;
}

int
load_hide(const struct load *load)
{
	return madvise(load->text, load->len, MADV_DONTFORK);
}

void
load_free(struct load *load)
{
	if (load == NULL)
		return;
	walls_free(load->walls);
	config_index_free(load->index);
	arena_free(load->arena);
	if (load->text != NULL)
		munmap(load->text, load->len);
	close(load->gateway_fd);
	free(load);
}
