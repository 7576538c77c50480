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

#define RANGES_MAX	250
#define WHOLE_MAX	200	/* with what they lead to; a jump is one byte */

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

/* --- runs --------------------------------------------------------------- */

#define SINGLES_MAX	3	/* they are looked at one after the other */

struct run {			/* ranges of one verdict, and single numbers
				   of others between them */
	uint32_t	 start;
	uint8_t		 verdict;
	uint8_t		 count;
	struct range	 singles[SINGLES_MAX];
};

/* Is the one behind it a single number, in the midst of its verdict? */
static bool
goes_on(const struct range *ranges, size_t left)
{
	return left > 2 && ranges[1].start + 1 == ranges[2].start &&
	    ranges[0].verdict == ranges[2].verdict;
}

static size_t
find_runs(const struct range *ranges, size_t count, struct run *runs)
{
	struct run	*run = runs;
	size_t		 i;

	for (i = 0; i < count; i++, run++) {
		run->start = ranges[i].start;
		run->verdict = ranges[i].verdict;
		run->count = 0;
		for (; run->count < SINGLES_MAX &&
		    goes_on(ranges + i, count - i); i += 2)
			run->singles[run->count++] = ranges[i + 1];
		/* What is left of its last one starts another. */
		if (run->count == SINGLES_MAX && goes_on(ranges + i, count - i))
			i--;
	}
	return (size_t)(run - runs);
}

/* --- code --------------------------------------------------------------- */

#define NEXT		CALL_VERDICTS	/* no jump: the next instruction */
#define JUMPS_MAX	(2 * RANGES_MAX)

struct writer {
	struct sock_filter	*code;
	size_t			 len;
	bool			 internet;
	size_t			 open_count;
	struct {		/* jumps to what is not written yet */
		uint8_t		*jump;
		size_t		 at;
		uint8_t		 verdict;
	} open[JUMPS_MAX];
};

static void
emit(struct writer *w, unsigned code, uint32_t k)
{
	assert(w->len < SECCOMP_CODE_MAX);
	w->code[w->len].code = (uint16_t)code;
	w->code[w->len].jt = w->code[w->len].jf = 0;
	w->code[w->len++].k = k;
}

static void
emit_load(struct writer *w, size_t offset)
{
	emit(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

/* A jump to a verdict, to be filled in. */
static void
note_jump(struct writer *w, uint8_t *jump, size_t at, uint8_t verdict)
{
	if (verdict == NEXT)
		return;
	assert(w->open_count < JUMPS_MAX);
	w->open[w->open_count].jump = jump;
	w->open[w->open_count].at = at;
	w->open[w->open_count++].verdict = verdict;
}

/* Compare the loaded word. */
static void
emit_if(struct writer *w, unsigned how, uint32_t value, uint8_t yes, uint8_t no)
{
	const size_t	 at = w->len;

	emit(w, BPF_JMP | how | BPF_K, value);
	note_jump(w, &w->code[at].jt, at, yes);
	note_jump(w, &w->code[at].jf, at, no);
}

/* The verdict comes here: fill its jumps in.  False: there are none. */
static bool
land(struct writer *w, uint8_t verdict)
{
	bool	 is_there = false;
	size_t	 i;

	for (i = 0; i < w->open_count; i++) {
		if (w->open[i].verdict != verdict)
			continue;
		assert(w->len - w->open[i].at - 1 <= 255);
		*w->open[i].jump = (uint8_t)(w->len - w->open[i].at - 1);
		is_there = true;
	}
	return is_there;
}

/* --- verdicts ----------------------------------------------------------- */

static void
emit_clone(struct writer *w)
{
	emit_load(w, ARGUMENT(CLONE_FLAGS));
	emit_if(w, BPF_JSET, NEW_NAMESPACES, CALL_REFUSED, CALL_ALLOWED);
}

static void
emit_ioctl(struct writer *w)
{
	emit_load(w, ARGUMENT(1));
	emit_if(w, BPF_JEQ, TIOCSTI, CALL_REFUSED, NEXT);
	emit_if(w, BPF_JEQ, TIOCLINUX, CALL_REFUSED, CALL_ALLOWED);
}

/* Of netlink, interfaces and addresses: getaddrinfo(3) asks for them. */
static void
emit_socket(struct writer *w)
{
	emit_load(w, ARGUMENT(0));
	emit_if(w, BPF_JEQ, AF_UNIX, CALL_ALLOWED, NEXT);
	if (w->internet) {
		emit_if(w, BPF_JEQ, AF_INET, CALL_ALLOWED, NEXT);
		emit_if(w, BPF_JEQ, AF_INET6, CALL_ALLOWED, NEXT);
	}
	emit_if(w, BPF_JEQ, AF_NETLINK, NEXT, CALL_REFUSED);
	emit_load(w, ARGUMENT(2));
	emit_if(w, BPF_JEQ, NETLINK_ROUTE, CALL_ALLOWED, CALL_REFUSED);
}

static void
emit_socketpair(struct writer *w)
{
	emit_load(w, ARGUMENT(0));
	emit_if(w, BPF_JEQ, AF_UNIX, CALL_ALLOWED, CALL_REFUSED);
}

static void
emit_personality(struct writer *w)
{
	emit_load(w, ARGUMENT(0));
	emit_if(w, BPF_JEQ, 0, CALL_ALLOWED, NEXT);
	emit_if(w, BPF_JEQ, ANY_PERSONALITY, CALL_ALLOWED, CALL_REFUSED);
}

/* Those that look at arguments first, as they jump to the others. */
static const struct {
	uint8_t		 verdict;
	void		(*emit)(struct writer *);	/* NULL: */
	uint32_t	 value;
} endings[] = {
	{ CALL_CLONE,		emit_clone, 0 },
	{ CALL_IOCTL,		emit_ioctl, 0 },
	{ CALL_SOCKET,		emit_socket, 0 },
	{ CALL_SOCKETPAIR,	emit_socketpair, 0 },
	{ CALL_PERSONALITY,	emit_personality, 0 },
	{ CALL_UNKNOWN,		NULL, RETURN_ENOSYS },
	{ CALL_REFUSED,		NULL, RETURN_EPERM },
	{ CALL_ALLOWED,		NULL, RETURN_ALLOW },
};

static void
emit_endings(struct writer *w)
{
	size_t	 i;

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (!land(w, endings[i].verdict))
			continue;
		else if (endings[i].emit != NULL)
			endings[i].emit(w);
		else
			emit(w, BPF_RET | BPF_K, endings[i].value);
}

/* --- the tree ----------------------------------------------------------- */

/* Where the second half begins: the kernel tries out each number there is. */
static size_t
middle(const struct run *runs, size_t count)
{
	const uint32_t	 half = (runs[0].start + runs[count - 1].start) / 2;
	size_t		 mid = 1;

	while (mid < count - 1 && runs[mid].start < half)
		mid++;
	return mid;
}

/* A run's singles, or none: then its verdict is jumped to. */
static void
emit_singles(struct writer *w, const struct run *run)
{
	uint8_t	 i;

	for (i = 0; i < run->count; i++)
		emit_if(w, BPF_JEQ, run->singles[i].start,
		    run->singles[i].verdict, i + 1 < run->count ? NEXT :
		    run->verdict);
}

/* The half below the middle comes first. */
static void
emit_tree(struct writer *w, const struct run *runs, size_t count)
{
	const size_t	 at = w->len;
	size_t		 mid;
	bool		 is_bare;

	if (count == 1) {
		emit_singles(w, runs);
		return;
	}
	mid = middle(runs, count);
	is_bare = count - mid == 1 && runs[mid].count == 0;
	emit_if(w, BPF_JGE, runs[mid].start, is_bare ? runs[mid].verdict :
	    NEXT, mid == 1 && runs->count == 0 ? runs->verdict : NEXT);
	emit_tree(w, runs, mid);
	if (is_bare)
		return;
	assert(w->len - at - 1 <= 255);
	w->code[at].jt = (uint8_t)(w->len - at - 1);
	emit_tree(w, runs + mid, count - mid);
}

/* A tree, and behind it what it leads to, each once. */
static void
emit_part(struct writer *w, const struct range *ranges, size_t count)
{
	struct run	 runs[RANGES_MAX];
	size_t		 found = find_runs(ranges, count, runs);

	w->open_count = 0;
	/* A single run without singles has nothing that could be asked. */
	if (found == 1 && runs->count == 0)
		emit_if(w, BPF_JGE, 0, runs->verdict, runs->verdict);
	else
		emit_tree(w, runs, found);
	emit_endings(w);
}

size_t
seccomp_make(const struct seccomp_calls *calls, bool internet,
    struct sock_filter *code)
{
	struct range	 ranges[RANGES_MAX];
	struct writer	 w = { .code = code, .internet = internet };
	size_t		 count, mid, at;

	count = find_ranges(calls, ranges);
	emit_load(&w, offsetof(struct seccomp_data, arch));
	emit(&w, BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native());
	code[w.len - 1].jt = 1;
	/* The calls of another ABI have other numbers. */
	emit(&w, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	emit_load(&w, offsetof(struct seccomp_data, nr));
	if (count <= WHOLE_MAX) {
		emit_part(&w, ranges, count);
		return w.len;
	}
	/* Half of all at a time, as jumps are one byte. */
	at = w.len;
	mid = count / 2;
	emit(&w, BPF_JMP | BPF_JGE | BPF_K, ranges[mid].start);
	emit_part(&w, ranges, mid);
	assert(w.len - at - 1 <= 255);
	code[at].jt = (uint8_t)(w.len - at - 1);
	emit_part(&w, ranges + mid, count - mid);
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
