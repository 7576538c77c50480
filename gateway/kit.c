/*
 * kit: the default filters, and those with additions.
 */
#include "kit.h"

#include <linux/filter.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "function.h"
#include "mem.h"
#include "settings.h"

struct kit {
	struct means		 means;
	struct grants_system	 system;
	struct seccomp_calls	 calls;
	struct sock_filter	 with_internet[SECCOMP_CODE_MAX];
	struct sock_filter	 without[SECCOMP_CODE_MAX];
	size_t			 with_len;
	size_t			 without_len;
	bool			 has_keyring;	/* of our own, and empty */
};

static const char *const	 key_calls[] = {
	"add_key", "keyctl", "request_key"
};

struct kit *
kit_create(const struct means *means, int least)
{
	struct kit	*kit;

	kit = xcalloc(1, sizeof(*kit));
	kit->means = *means;
	if (grants_open_system(&kit->system, least) == -1) {
		free(kit);
		return NULL;
	}
	kit->has_keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING,
	    NULL) != -1;
	seccomp_default(&kit->calls);
	kit->with_len = seccomp_make(&kit->calls, true, kit->with_internet);
	kit->without_len = seccomp_make(&kit->calls, false, kit->without);
	return kit;
}

void
kit_free(struct kit *kit)
{
	if (kit != NULL)
		grants_close_system(&kit->system);
	free(kit);
}

const struct means *
kit_means(const struct kit *kit)
{
	return &kit->means;
}

const struct grants_system *
kit_system(const struct kit *kit)
{
	return &kit->system;
}

bool
kit_shares_keyring(const struct kit *kit, const struct function *fn)
{
	const struct word_list	*more = &fn->lists->system_call_filter;
	size_t			 i, call;

	if (!kit->has_keyring || !kit->means.kernel.seccomp ||
	    fn->level == CONFINE_NONE)
		return false;
	for (i = 0; i < more->count; i++)
		for (call = 0; call < sizeof(key_calls) / sizeof(key_calls[0]);
		    call++)
			if (strcmp(more->words[i], key_calls[call]) == 0)
				return false;
	return true;
}

/* Without any, it needs no sockets of IP; but who is spoken to by one does. */
static bool
needs_internet(const struct function *fn)
{
	return fn->network != NETWORK_NONE || fn->protocol->endpoint != NULL;
}

void
kit_filter(const struct kit *kit, const struct function *fn,
    struct seccomp_code *code)
{
	const struct word_list	*more = &fn->lists->system_call_filter;
	bool			 internet = needs_internet(fn);
	struct seccomp_calls	*calls;
	struct sock_filter	*own;

	code->len = 0;
	code->code = NULL;
	if (fn->level == CONFINE_NONE || !kit->means.kernel.seccomp)
		return;
	if (more->count == 0) {
		code->code = internet ? kit->with_internet : kit->without;
		code->len = (unsigned short)(internet ? kit->with_len :
		    kit->without_len);
		return;
	}
	calls = arena_alloc(fn->arena, sizeof(*calls));
	own = arena_calloc(fn->arena, SECCOMP_CODE_MAX, sizeof(*own));
	*calls = kit->calls;
	seccomp_allow(calls, more);
	code->len = (unsigned short)seccomp_make(calls, internet, own);
	code->code = own;
}
