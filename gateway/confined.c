/*
 * confined: a row for each key of [sandbox] that a kernel has to hold.
 */
#include "confined.h"

#include <stdbool.h>

#include "function.h"
#include "landlock.h"
#include "means.h"
#include "settings.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

static const char	not_set[] = "not set";

static bool
has_namespaces(const struct function *fn, const struct means *m)
{
	return fn->level == CONFINE_STRICT && m->kernel.namespaces;
}

/* Do Landlock's rules hold it? */
static bool
has_landlock(const struct function *fn, const struct means *m)
{
	return fn->level != CONFINE_NONE && m->kernel.landlock > 0;
}

static bool
has_filter(const struct function *fn, const struct means *m)
{
	return fn->level != CONFINE_NONE && m->kernel.seccomp;
}

static const char *
by_level(const struct function *fn, const struct means *m)
{
	if (fn->level == CONFINE_NONE)
		return "its user, limits, a clean environment";
	if (fn->level == CONFINE_STANDARD)
		return "no capabilities, no_new_privs, an empty keyring";
	return has_namespaces(fn, m) ? "namespaces and a root of its own; no "
	    "capabilities, no_new_privs, an empty keyring" : NULL;
}

/* What older versions of Landlock let through. */
static const char *
by_paths(const struct function *fn, const struct means *m)
{
	if (has_namespaces(fn, m))
		return has_landlock(fn, m) ? "a root of its own, and Landlock" :
		    "a root of its own";
	if (!has_landlock(fn, m))
		return NULL;
	if (m->kernel.landlock < LANDLOCK_TRUNCATE)
		return "Landlock, but that files may be truncated";
	if (m->kernel.landlock < LANDLOCK_SCOPES)
		return "Landlock; not for abstract unix sockets and signals";
	return "Landlock; abstract unix sockets and signals as well";
}

static const char *
by_hidden(const struct function *fn, const struct means *m)
{
	if (fn->lists->inaccessible_paths.count == 0)
		return not_set;
	if (has_namespaces(fn, m))
		return "a root of its own";
	return has_landlock(fn, m) ? "Landlock: folders on the way to them "
	    "are granted by their entries" : NULL;
}

static const char *
by_network(const struct function *fn, const struct means *m)
{
	if (fn->network == NETWORK_HOST)
		return "the machine's";
	if (m->kernel.namespaces)
		return "a network namespace";
	if (fn->network == NETWORK_LOOPBACK)
		return NULL;
	if (has_filter(fn, m) && fn->protocol->endpoint == NULL)
		return "seccomp: no sockets of IP";
	return has_landlock(fn, m) && m->kernel.landlock >= LANDLOCK_TCP ?
	    "Landlock, for TCP alone" : NULL;
}

static const char *
by_tmp(const struct function *fn, const struct means *m)
{
	if (has_namespaces(fn, m))
		return "a tmpfs of its own";
	return "no limit: its /tmp is the machine's";
}

static const char *
by_filter(const struct function *fn, const struct means *m)
{
	return has_filter(fn, m) ? "seccomp" : NULL;
}

static const struct confined_row rows[] = {
	{ "sandbox.level",		by_level },
	{ "sandbox.network",		by_network },
	{ "sandbox.read_only_paths",	by_paths },
	{ "sandbox.read_write_paths",	by_paths },
	{ "sandbox.inaccessible_paths",	by_hidden },
	{ "sandbox.tmp_max",		by_tmp },
	{ "sandbox.system_call_filter",	by_filter },
};

const struct confined_row *
confined_find(size_t i)
{
	return i < LENGTH(rows) ? &rows[i] : NULL;
}

const char *
confined_lacks(const struct function *fn, const struct means *m)
{
	if (fn->level == CONFINE_NONE)
		return "level is none";
	if (fn->level == CONFINE_STANDARD)
		return m->kernel.landlock > 0 ? "that takes level = strict" :
		    "this kernel has no Landlock";
	return "this kernel has no namespaces for it";
}
