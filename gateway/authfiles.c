/*
 * authfiles: [access] auth_file of all functions -> their credentials; and
 * [gateway] api_keys.
 */
#include "authfiles.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "files.h"
#include "mem.h"

#define AUTH_FILE_MAX	(1024 * 1024)	/* bytes */

struct reading {
	struct config			*config;
	const struct config_index	*index;
	struct config_errors		*errors;
	struct config_errors		*warnings;
	const char			*file;		/* that is being read */
};

/* A function that asks for auth: it names a file, or it is wrong. */
static bool
needs_file(const struct reading *r, const struct function *fn)
{
	const struct function_access	*access = fn->access;

	if (access->auth == AUTH_NONE) {
		if (*access->auth_file != '\0')
			config_blame(r->warnings, r->index, fn,
			    "access.auth_file", "is not used with auth = none");
		return false;
	}
	if (access->auth == AUTH_IAM) {
		if (*access->auth_file != '\0')
			config_blame(r->warnings, r->index, fn,
			    "access.auth_file", "is not used with auth = iam");
		if (*r->config->gateway.api_keys == '\0')
			config_blame(r->errors, r->index, fn, "access.auth",
			    "needs [gateway] api_keys; expected a file of "
			    "KEYID SECRET NAME ACTION:PATTERN lines");
		return false;
	}
	if (*access->auth_file != '\0')
		return true;
	config_blame(r->errors, r->index, fn, "access.auth",
	    "needs an auth_file beside it; expected a file of NAME:HASH "
	    "lines");
	return false;
}

static int
compare_files(const void *a, const void *b)
{
	const struct function	*const *x = a, *const *y = b;
	int			 order;

	order = strcmp((*x)->access->auth_file, (*y)->access->auth_file);
	if (order != 0)
		return order;
	return (*x)->number < (*y)->number ? -1 : (*x)->number > (*y)->number;
}

static void
on_error(void *arg, unsigned line, const char *why)
{
	struct reading	*r = arg;

	/* Never the line itself: errors go into logs. */
	config_errors_add(r->errors, "%s:%u: is %s", r->file, line, why);
}

static void
warn_of_readers(const struct reading *r, const struct function *fn)
{
	struct stat	 st;

	if (stat(r->file, &st) == 0 && st.st_mode & S_IROTH)
		config_blame(r->warnings, r->index, fn, "access.auth_file",
		    "%s can be read by everybody; expected mode 0600", r->file);
}

/* fn is the first of those that name it. */
static void
read_file(struct reading *r, const struct function *fn,
    struct credentials *all)
{
	struct config_errors	 failed = { NULL, 0 };
	char			*text;
	size_t			 len;

	r->file = all->file = fn->access->auth_file;
	text = files_read(r->file, AUTH_FILE_MAX, false, &len, &failed);
	if (text == NULL) {
		config_blame(r->errors, r->index, fn, "access.auth_file",
		    "%s", failed.lines[0]);
		config_errors_release(&failed);
		return;
	}
	if (strlen(text) != len)
		config_errors_add(r->errors, "%s: holds a NUL byte", r->file);
	credentials_read(r->config->arena, text, all, on_error, r);
	explicit_bzero(text, len);
	free(text);
	warn_of_readers(r, fn);
}

static void
warn_of_nobody(const struct reading *r, const struct function *fn,
    const struct credentials *all)
{
	bool	 is_key = fn->access->auth == AUTH_KEY;

	if (all->kinds[is_key ? CREDENTIAL_KEY : CREDENTIAL_PASSWORD] == 0)
		config_blame(r->warnings, r->index, fn, "access.auth_file",
		    "%s holds no %s: nobody can call it", all->file,
		    is_key ? "key" : "password");
}

void
authfiles_read(struct config *config, const struct config_index *index,
    struct config_errors *errors, struct config_errors *warnings)
{
	struct reading		  r = { config, index, errors, warnings, NULL };
	struct credential_files	 *files = &config->gateway.credentials;
	struct function		**users;
	size_t			  count = 0, i;

	users = xcalloc(config->count, sizeof(*users));
	for (i = 0; i < config->count; i++)
		if (needs_file(&r, config->functions[i]))
			users[count++] = config->functions[i];
	if (count > 0)
		qsort(users, count, sizeof(*users), compare_files);
	files->list = arena_calloc(config->arena, count, sizeof(*files->list));
	for (i = 0; i < count; i++) {
		if (i == 0 || strcmp(users[i - 1]->access->auth_file,
		    users[i]->access->auth_file) != 0)
			read_file(&r, users[i], &files->list[files->count++]);
		warn_of_nobody(&r, users[i], &files->list[files->count - 1]);
	}
	free(users);
}

/* --- api_keys ------------------------------------------------------------- */

/* Does a function ask for them, by its routes? */
static bool
has_signed(const struct config *config)
{
	size_t	 i;

	for (i = 0; i < config->count; i++)
		if (config->functions[i]->access->auth == AUTH_IAM)
			return true;
	return false;
}

/* Does anybody ask for it?  Where nobody does, it is not read. */
static bool
needs_keys(const struct reading *r)
{
	const struct gateway_settings	*s = &r->config->gateway;

	if (has_signed(r->config) && *s->api_keys != '\0')
		return true;
	if (s->api_hosts.count == 0 || s->api_auth == API_AUTH_NONE) {
		if (*s->api_keys != '\0')
			config_blame_gateway(r->warnings, r->index,
			    "gateway.api_keys", "is not used %s",
			    s->api_hosts.count == 0 ? "without api_hosts" :
			    "with api_auth = none");
		return false;
	}
	if (*s->api_keys != '\0')
		return true;
	config_blame_gateway(r->errors, r->index, "gateway.api_hosts",
	    "needs api_keys beside it; expected a file of "
	    "KEYID SECRET NAME ACTION:PATTERN lines");
	return false;
}

void
authfiles_read_keys(struct config *config, const struct config_index *index,
    struct config_errors *errors, struct config_errors *warnings)
{
	struct reading		 r = { config, index, errors, warnings,
				     config->gateway.api_keys };
	struct config_errors	 failed = { NULL, 0 };
	struct apikeys		*keys = &config->gateway.apikeys;
	struct stat		 st;
	char			*text;
	size_t			 len;

	if (!needs_keys(&r))
		return;
	text = files_read(r.file, AUTH_FILE_MAX, false, &len, &failed);
	if (text == NULL) {
		config_blame_gateway(errors, index, "gateway.api_keys", "%s",
		    failed.lines[0]);
		config_errors_release(&failed);
		return;
	}
	if (strlen(text) != len)
		config_errors_add(errors, "%s: holds a NUL byte", r.file);
	apikeys_read(config->arena, text, keys, on_error, &r);
	explicit_bzero(text, len);
	free(text);
	if (stat(r.file, &st) == 0 && st.st_mode & S_IROTH)
		config_blame_gateway(warnings, index, "gateway.api_keys",
		    "%s can be read by everybody; expected mode 0600", r.file);
	if (keys->count == 0)
		config_blame_gateway(warnings, index, "gateway.api_keys",
		    "%s holds no key: nobody can invoke a function", r.file);
}
