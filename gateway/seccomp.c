/*
 * seccomp: verdicts -> a tree of comparisons -> what the kernel runs.
 */
#include "seccomp.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "function.h"

#define RANGES_MAX	250	/* half of them, and a jump is one byte */

#define NEW_NAMESPACES	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
			CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
			CLONE_NEWNET)
#define ANY_PERSONALITY	0xffffffffU	/* only asks */

/* Lower half of an argument: all of those that are looked at are int. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARGUMENT(n)	(offsetof(struct seccomp_data, args[n]))
#else
#define ARGUMENT(n)	(offsetof(struct seccomp_data, args[n]) + 4)
#endif

#ifdef __s390__
#define CLONE_FLAGS	1	/* which argument */
#else
#define CLONE_FLAGS	0
#endif

#define RETURN_ALLOW	SECCOMP_RET_ALLOW
#define RETURN_EPERM	(SECCOMP_RET_ERRNO | EPERM)
#define RETURN_ENOSYS	(SECCOMP_RET_ERRNO | ENOSYS)

/* --- numbers ------------------------------------------------------------ */

bool
seccomp_knows(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

/* Where the number is, or belongs. */
static size_t
find_call(const struct seccomp_calls *calls, uint32_t number)
{
	size_t	 low = 0, high = calls->count, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (calls->all[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
set_verdict(struct seccomp_calls *calls, const char *name,
    enum call_verdict verdict)
{
	int	 number = seccomp_syscall_resolve_name(name);
	size_t	 i;

	if (number < 0)
		return;		/* not on this kind of machine */
	i = find_call(calls, (uint32_t)number);
	if (i == calls->count || calls->all[i].number != (uint32_t)number) {
		assert(calls->count < SECCOMP_CALLS_MAX);
		memmove(&calls->all[i + 1], &calls->all[i],
		    (calls->count - i) * sizeof(calls->all[0]));
		calls->count++;
	}
	calls->all[i].number = (uint32_t)number;
	calls->all[i].verdict = (uint8_t)verdict;
}

void
seccomp_default(struct seccomp_calls *calls)
{
	const struct call_group	*group;
	const char *const	*name;

	memset(calls, 0, sizeof(*calls));
	for (group = call_groups; group->names != NULL; group++)
		for (name = group->names; *name != NULL; name++)
			set_verdict(calls, *name, group->verdict);
}

void
seccomp_allow(struct seccomp_calls *calls, const struct word_list *names)
{
	size_t	 i;

	for (i = 0; i < names->count; i++)
		set_verdict(calls, names->words[i], CALL_ALLOWED);
}

/* --- ranges ------------------------------------------------------------- */

struct range {			/* up to the next one's start */
	uint32_t	 start;
	uint8_t		 verdict;
};

static size_t
add_range(struct range *ranges, size_t count, uint32_t start, uint8_t verdict)
{
	if (count > 0 && ranges[count - 1].verdict == verdict)
		return count;
	assert(count < RANGES_MAX);
	ranges[count].start = start;
	ranges[count].verdict = verdict;
	return count + 1;
}

static size_t
find_ranges(const struct seccomp_calls *calls, struct range *ranges)
{
	uint32_t	 next = 0;
	size_t		 count = 0, i;

	for (i = 0; i < calls->count; i++) {
		if (calls->all[i].number != next)
			count = add_range(ranges, count, next, CALL_UNKNOWN);
		count = add_range(ranges, count, calls->all[i].number,
		    calls->all[i].verdict);
		next = calls->all[i].number + 1;
	}
	return add_range(ranges, count, next, CALL_UNKNOWN);
}

/* --- code --------------------------------------------------------------- */

struct writer {
	struct sock_filter	*code;
	size_t			 len;
	bool			 internet;
	size_t			 jumps[CALL_VERDICTS];	/* to those by
							   arguments; 0: none */
	size_t			 open_count;
	struct {
		uint8_t		*jump;
		size_t		 at;
		uint8_t		 verdict;
	} open[RANGES_MAX];
};

static void
emit(struct writer *w, unsigned code, uint32_t k, size_t yes, size_t no)
{
	assert(w->len < SECCOMP_CODE_MAX && yes <= 255 && no <= 255);
	w->code[w->len].code = (uint16_t)code;
	w->code[w->len].jt = (uint8_t)yes;
	w->code[w->len].jf = (uint8_t)no;
	w->code[w->len++].k = k;
}

static void
emit_return(struct writer *w, uint32_t value)
{
	emit(w, BPF_RET | BPF_K, value, 0, 0);
}

static void
emit_load(struct writer *w, size_t offset)
{
	emit(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* If the loaded word is value, return that. */
static void
emit_if(struct writer *w, unsigned value, uint32_t verdict)
{
	emit(w, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	emit_return(w, verdict);
}

static void
emit_clone(struct writer *w)
{
	emit_load(w, ARGUMENT(CLONE_FLAGS));
	emit(w, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1);
	emit_return(w, RETURN_EPERM);
	emit_return(w, RETURN_ALLOW);
}

static void
emit_ioctl(struct writer *w)
{
	emit_load(w, ARGUMENT(1));
	emit_if(w, TIOCSTI, RETURN_EPERM);
	emit_if(w, TIOCLINUX, RETURN_EPERM);
	emit_return(w, RETURN_ALLOW);
}

/* Of netlink, interfaces and addresses: getaddrinfo(3) asks for them. */
static void
emit_socket(struct writer *w)
{
	uint32_t	 internet = w->internet ? RETURN_ALLOW : RETURN_EPERM;

	emit_load(w, ARGUMENT(0));
	emit_if(w, AF_UNIX, RETURN_ALLOW);
	emit_if(w, AF_INET, internet);
	emit_if(w, AF_INET6, internet);
	emit(w, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0);
	emit_return(w, RETURN_EPERM);
	emit_load(w, ARGUMENT(2));
	emit_if(w, NETLINK_ROUTE, RETURN_ALLOW);
	emit_return(w, RETURN_EPERM);
}

static void
emit_socketpair(struct writer *w)
{
	emit_load(w, ARGUMENT(0));
	emit_if(w, AF_UNIX, RETURN_ALLOW);
	emit_return(w, RETURN_EPERM);
}

static void
emit_personality(struct writer *w)
{
	emit_load(w, ARGUMENT(0));
	emit_if(w, 0, RETURN_ALLOW);
	emit_if(w, ANY_PERSONALITY, RETURN_ALLOW);
	emit_return(w, RETURN_EPERM);
}

static const struct {
	void		(*emit)(struct writer *);	/* NULL: */
	uint32_t	 value;
} verdicts[CALL_VERDICTS] = {
	[CALL_UNKNOWN] =	{ NULL, RETURN_ENOSYS },
	[CALL_REFUSED] =	{ NULL, RETURN_EPERM },
	[CALL_ALLOWED] =	{ NULL, RETURN_ALLOW },
	[CALL_CLONE] =		{ emit_clone, 0 },
	[CALL_IOCTL] =		{ emit_ioctl, 0 },
	[CALL_SOCKET] =		{ emit_socket, 0 },
	[CALL_SOCKETPAIR] =	{ emit_socketpair, 0 },
	[CALL_PERSONALITY] =	{ emit_personality, 0 },
};

/* A jump to a verdict, to be filled in. */
static void
note_jump(struct writer *w, uint8_t *jump, size_t at, uint8_t verdict)
{
	assert(w->open_count < RANGES_MAX);
	w->open[w->open_count].jump = jump;
	w->open[w->open_count].at = at;
	w->open[w->open_count++].verdict = verdict;
}

/* Two ranges at least; the half below the middle comes first. */
static void
emit_tree(struct writer *w, const struct range *ranges, size_t count)
{
	size_t	 mid = count / 2, at = w->len;

	emit(w, BPF_JMP | BPF_JGE | BPF_K, ranges[mid].start, 0, 0);
	if (mid == 1)
		note_jump(w, &w->code[at].jf, at, ranges->verdict);
	else
		emit_tree(w, ranges, mid);
	if (count - mid == 1)
		note_jump(w, &w->code[at].jt, at, ranges[mid].verdict);
	else {
		assert(w->len - at - 1 <= 255);
		w->code[at].jt = (uint8_t)(w->len - at - 1);
		emit_tree(w, ranges + mid, count - mid);
	}
}

/* One that looks at arguments stands behind all: there the jump is long. */
static void
emit_verdict(struct writer *w, size_t verdict)
{
	if (verdicts[verdict].emit == NULL) {
		emit_return(w, verdicts[verdict].value);
		return;
	}
	assert(w->jumps[verdict] == 0);
	w->jumps[verdict] = w->len;
	emit(w, BPF_JMP | BPF_JA, 0, 0, 0);
}

/*
 * A tree, and behind it the verdicts that it leads to, each once.  Half of all
 * at a time, as its jumps are one byte.
 */
static void
emit_half(struct writer *w, const struct range *ranges, size_t count)
{
	size_t	 verdict, i;
	bool	 is_there;

	if (count == 1) {
		emit_verdict(w, ranges->verdict);
		return;
	}
	w->open_count = 0;
	emit_tree(w, ranges, count);
	for (verdict = 0; verdict < CALL_VERDICTS; verdict++) {
		is_there = false;
		for (i = 0; i < w->open_count; i++) {
			if (w->open[i].verdict != verdict)
				continue;
			assert(w->len - w->open[i].at - 1 <= 255);
			*w->open[i].jump = (uint8_t)(w->len -
			    w->open[i].at - 1);
			is_there = true;
		}
		if (is_there)
			emit_verdict(w, verdict);
	}
}

size_t
seccomp_make(const struct seccomp_calls *calls, bool internet,
    struct sock_filter *code)
{
	struct range	 ranges[RANGES_MAX];
	struct writer	 w = { .code = code, .internet = internet };
	size_t		 count, mid, at, verdict;

	count = find_ranges(calls, ranges);
	emit_load(&w, offsetof(struct seccomp_data, arch));
	emit(&w, BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0);
	/* The calls of another ABI have other numbers. */
	emit_return(&w, SECCOMP_RET_KILL_PROCESS);
	emit_load(&w, offsetof(struct seccomp_data, nr));
	at = w.len;
	mid = count / 2;
	emit(&w, BPF_JMP | BPF_JGE | BPF_K, ranges[mid].start, 0, 0);
	emit_half(&w, ranges, mid);
	assert(w.len - at - 1 <= 255);
	code[at].jt = (uint8_t)(w.len - at - 1);
	emit_half(&w, ranges + mid, count - mid);
	for (verdict = 0; verdict < CALL_VERDICTS; verdict++)
		if (w.jumps[verdict] != 0) {
			code[w.jumps[verdict]].k =
			    (uint32_t)(w.len - w.jumps[verdict] - 1);
			verdicts[verdict].emit(&w);
		}
	return w.len;
}

int
seccomp_apply(const struct seccomp_code *code)
{
	/* It is read only, whatever the type says. */
	const struct sock_fprog	 program = { code->len,
				     (void *)(uintptr_t)code->code };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ==
	    0 ? 0 : -1;
}
