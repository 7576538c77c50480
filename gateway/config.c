/*
 * config: from the lines of a load to a configuration that is sound.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fronts.h"
#include "mem.h"
#include "runtime.h"
#include "settings.h"

#define ARENA_CHUNK	16384
#define SHOWN_MAX	120	/* bytes of a wrong value in its error */
#define EXPECTED_MAX	200

/* --- one line ------------------------------------------------------------- */

static void
complain_unknown(struct config_errors *errors, const struct line *line,
    enum keys_file file)
{
	const char	*dot, *near;
	char		*section;

	dot = strrchr(line->key, '.');
	section = xstrndup(line->key,
	    dot == NULL ? 0 : (size_t)(dot - line->key));
	if (!keys_has_section(file, section))
		line_complain(errors, line, "there is no section [%s] here; "
		    "expected %s", section, keys_sections(file));
	else if ((near = keys_nearest(file, line->key)) != NULL)
		line_complain(errors, line, "is no such key; perhaps %s of "
		    "[%.*s]?", strchr(near, '.') + 1,
		    (int)strcspn(near, "."), near);
	else
		line_complain(errors, line, "is no such key; see "
		    "tollgate.ini(5)");
	free(section);
}

/* Set the field that the row says, in base, from the line. */
static void
take_value(const struct setting *row, struct arena *arena, void *base,
    const struct line *line, struct config_errors *errors)
{
	char		 shown[SHOWN_MAX], expected[EXPECTED_MAX];
	const char	*why;

	why = row->set(arena, (char *)base + row->offset, line->value, row);
	if (why == NULL)
		return;
	value_expected(expected, sizeof(expected), row);
	/* Errors go into logs, which are no place for secrets. */
	if (row->flags & SETTING_SECRET)
		strcpy(shown, "the value");
	else {
		shown[0] = '"';
		log_escape(shown + 1, sizeof(shown) - 2, line->value,
		    strlen(line->value));
		strcat(shown, "\"");
	}
	line_complain(errors, line, "%s is %s%s%s", shown, why,
	    *expected == '\0' ? "" : "; expected ", expected);
}

/* A row that such a line may set, or NULL. */
static const struct setting *
find_row(const struct line *line,
    const struct setting *(*find)(const char *key))
{
	const struct setting	*row = find(line->key);

	if (row == NULL || (row->flags & SETTING_DERIVED && line->number != 0))
		return NULL;
	return row;
}

/* arena may be NULL for keys of functions: none of these takes memory. */
static void
set_fallback(const struct setting *row, struct arena *arena, void *base)
{
	const char	*why;

	if (row->fallback == NULL)
		return;
	why = row->set(arena, (char *)base + row->offset, row->fallback, row);
	assert(why == NULL);
	(void)why;
}

/* What no single value of [gateway] shows. */
static void
check_gateway(const struct config_index *index,
    const struct gateway_settings *gateway, struct config_errors *errors)
{
	const char	*open;

	if (gateway->start_backoff_ms > gateway->start_backoff_max_ms)
		config_blame_gateway(errors, index, "gateway.start_backoff",
		    "is longer than start_backoff_max");
	if ((open = fronts_find_open(gateway)) != NULL)
		config_blame_gateway(errors, index, "gateway.listen",
		    "%s can be reached from elsewhere; expected the web "
		    "servers' addresses in trusted_fronts, or loopback", open);
}

/* --- reading -------------------------------------------------------------- */

int
config_read_gateway(const struct config_index *index, struct arena *arena,
    struct gateway_settings *gateway, struct config_errors *errors)
{
	const struct setting	*row;
	struct line_walk	 walk;
	struct line		 line;
	size_t			 before = errors->count, i;
	int			 found;

	memset(gateway, 0, sizeof(*gateway));
	for (i = 0; (row = keys_gateway_row(i)) != NULL; i++)
		set_fallback(row, arena, gateway);
	line_walk_init(&walk, index->gateway);
	while ((found = line_next(&walk, &line)) != 0) {
		if (found == -1) {
			config_errors_add(errors, "a line that is no setting");
			continue;
		}
		if ((row = find_row(&line, keys_gateway_find)) == NULL)
			complain_unknown(errors, &line, KEYS_GATEWAY);
		else
			take_value(row, arena, gateway, &line, errors);
		line_release(&line);
	}
	/* A wrong address is no address: one error is enough. */
	if (errors->count == before)
		check_gateway(index, gateway, errors);
	return errors->count == before ? 0 : -1;
}

/* --- accounts ------------------------------------------------------------- */

void
config_default_account(struct account *a)
{
	const struct setting	*row;
	size_t			 i;

	memset(a, 0, sizeof(*a));
	a->name = ACCOUNT_OTHERS;
	a->file = a->cpu_max = "";
	for (i = 0; (row = keys_account_row(i)) != NULL; i++)
		if (row->set != set_bandwidth)
			set_fallback(row, NULL, a);
}

int
config_read_account(const struct config_index *index, size_t number,
    struct arena *arena, struct account *a, struct config_errors *errors)
{
	const struct setting	*row;
	struct line_walk	 walk;
	struct line		 line;
	size_t			 before = errors->count;
	int			 found;

	config_default_account(a);
	a->number = (uint32_t)number;
	line_walk_init(&walk, index->accounts[number]);
	while ((found = line_next(&walk, &line)) != 0) {
		if (found == -1) {
			config_errors_add(errors, "%s: a line that is no "
			    "setting", a->file);
			continue;
		}
		if (*a->file == '\0') {
			a->name = arena_strdup(arena, line.function + 1);
			a->file = arena_strdup(arena, line.file);
		}
		if ((row = find_row(&line, keys_account_find)) == NULL)
			complain_unknown(errors, &line, KEYS_ACCOUNT);
		else
			take_value(row, arena, a, &line, errors);
		line_release(&line);
	}
	return errors->count == before ? 0 : -1;
}

static int
compare_accounts(const void *a, const void *b)
{
	const struct account	*x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void
read_accounts(struct config *config, const struct config_index *index,
    struct config_errors *errors)
{
	struct account	*a;
	size_t		 i;

	config_default_account(&config->others);
	config->accounts = arena_calloc(config->arena, index->account_count,
	    sizeof(*config->accounts));
	for (i = 0; i < index->account_count; i++) {
		a = &config->accounts[config->account_count];
		config_read_account(index, i, config->arena, a, errors);
		if (strcmp(a->name, ACCOUNT_OTHERS) == 0)
			config->others = *a;
		else
			config->account_count++;
	}
	if (config->account_count > 1)
		qsort(config->accounts, config->account_count,
		    sizeof(*config->accounts), compare_accounts);
}

static int
compare_name(const void *name, const void *entry)
{
	const struct function	*const *fn = entry;

	return strcmp(name, (*fn)->name);
}

struct function *
config_find(const struct config *config, const char *name)
{
	struct function	**found;

	if (config->count == 0)
		return NULL;
	found = bsearch(name, config->functions, config->count,
	    sizeof(*config->functions), compare_name);
	return found != NULL ? *found : NULL;
}

const struct account *
config_account(const struct config *config, uid_t uid)
{
	size_t	 from = 0, to = config->account_count, middle;

	while (from < to) {
		middle = (from + to) / 2;
		if (config->accounts[middle].uid == uid)
			return &config->accounts[middle];
		if (config->accounts[middle].uid < uid)
			from = middle + 1;
		else
			to = middle;
	}
	return &config->others;
}

/* --- functions ------------------------------------------------------------ */

/* What functions are read from and begin with. */
struct reader {
	const struct config_index	*index;
	struct config_errors		*errors;
	struct function			 function;	/* all at its default */
	struct route_rule		 rule;
	struct function_access		 access;
};

static bool
is_of_rule(const struct setting *row)
{
	return strncmp(row->key, "route.", 6) == 0;
}

static bool
is_of_access(const struct setting *row)
{
	return strncmp(row->key, "access.", 7) == 0;
}

static void
reader_init(struct reader *r, const struct config_index *index,
    struct config_errors *errors)
{
	const struct setting	*row;
	struct function		*empty;
	size_t			 i;

	r->index = index;
	r->errors = errors;
	empty = function_create();
	r->function = *empty;
	function_release(empty);
	memset(&r->rule, 0, sizeof(r->rule));
	memset(&r->access, 0, sizeof(r->access));
	for (i = 0; (row = keys_function_row(i)) != NULL; i++)
		if (is_of_rule(row))
			set_fallback(row, NULL, &r->rule);
		else if (is_of_access(row))
			set_fallback(row, NULL, &r->access);
		else
			set_fallback(row, NULL, &r->function);
}

/* The rule that a line of [route ...] belongs to, a new one if need be. */
static struct route_rule *
find_rule(const struct reader *r, struct function *fn, const struct line *line)
{
	struct route_rule	*rules = fn->rules, *rule;
	size_t			 len, i;

	len = (size_t)(strrchr(line->key, '.') - line->key);
	for (i = 0; i < fn->rule_count; i++)
		if (strncmp(rules[i].section, line->key, len) == 0 &&
		    rules[i].section[len] == '\0')
			return &rules[i];

	fn->rules = arena_grow(fn->arena, rules, fn->rule_count,
	    sizeof(*rules));
	rule = &fn->rules[fn->rule_count++];
	*rule = r->rule;
	rule->section = arena_strndup(fn->arena, line->key, len);
	rule->file = fn->file;
	rule->line = line->number;
	return rule;
}

/* The settings of [access], its own as soon as it has a line of them. */
static struct function_access *
own_access(const struct reader *r, struct function *fn)
{
	struct function_access	*own;

	if (fn->access != r->function.access)
		return (struct function_access *)(uintptr_t)fn->access;
	own = arena_alloc(fn->arena, sizeof(*own));
	*own = r->access;
	fn->access = own;
	return own;
}

static void
take_line(const struct reader *r, struct function *fn,
    const struct line *line)
{
	struct config_errors	*errors = r->errors;
	const struct setting	*row;
	void			*base = fn;

	if (*fn->name == '\0') {
		fn->name = arena_strdup(fn->arena, line->function);
		fn->file = arena_strdup(fn->arena, line->file);
		if (!function_name_is_valid(fn->name))
			config_errors_add(errors, "%s: \"%s\" is no name of a "
			    "function; expected 1 to %d of A-Z a-z 0-9 _ -",
			    fn->file, fn->name, FUNCTION_NAME_MAX);
	}
	if ((row = find_row(line, keys_function_find)) == NULL) {
		complain_unknown(errors, line, KEYS_FUNCTION);
		return;
	}
	if (is_of_rule(row))
		base = find_rule(r, fn, line);
	else if (is_of_access(row))
		base = own_access(r, fn);
	take_value(row, fn->arena, base, line, errors);
}

/* A [route] of nothing but empty keys is none; one without a path is wrong. */
static void
check_rules(struct function *fn, struct config_errors *errors)
{
	struct route_rule	*rule;
	size_t			 i, kept = 0;

	for (i = 0; i < fn->rule_count; i++) {
		rule = &fn->rules[i];
		if (rule->exact.count + rule->prefix.count +
		    rule->prefix_final.count == 0 && *rule->regex == '\0') {
			if (rule->host.count + rule->methods.count > 0)
				config_errors_add(errors, "%s:%u: [%s]: has no "
				    "path; expected exact, prefix, "
				    "prefix_final or regex", rule->file,
				    rule->line, rule->section);
			continue;
		}
		fn->rules[kept++] = *rule;
	}
	fn->rule_count = kept;
}

/* What no single value shows. */
static void
check_function(const struct reader *r, struct function *fn)
{
	const struct config_index	*index = r->index;
	struct config_errors		*errors = r->errors;

	const char			*key, *why;

	if (*fn->handler == '\0')
		config_errors_add(errors, "%s: [function] handler: is not set; "
		    "expected the program's absolute path", fn->file);
	if (fn->min_children > fn->max_children)
		config_blame(errors, index, fn, "pool.min_children",
		    "%u is more than max_children, %u", fn->min_children,
		    fn->max_children);
	if (fn->concurrency > fn->protocol->concurrency_max)
		config_blame(errors, index, fn, "pool.concurrency",
		    "%u is too much; expected %u at most with protocol = %s",
		    fn->concurrency, fn->protocol->concurrency_max,
		    fn->protocol->name);
	if (fn->is_template && *fn->user != '\0')
		config_blame(errors, index, fn, "sandbox.user",
		    "cannot be with ${NAME} in handler; the user is the "
		    "program's owner");
	if (fn->is_template && *fn->group != '\0')
		config_blame(errors, index, fn, "sandbox.group",
		    "cannot be with ${NAME} in handler; the group is the "
		    "program's");
	if (fn->is_streamed && fn->protocol->way != WAY_ENDPOINT)
		config_blame(errors, index, fn, "function.invoke_mode",
		    "is only for protocol = lambda");
	if ((why = runtime_check(fn, &key)) != NULL)
		config_blame(errors, index, fn, key, "%s", why);
}

/* NULL after adding to errors. */
static struct function *
read_function(const struct reader *r, size_t number)
{
	const struct block	*block = &r->index->functions[number];
	struct function		*fn;
	struct line_walk	 walk;
	struct line		 line;
	size_t			 before = r->errors->count;
	int			 found;

	/* Keys, in the lines but not kept, make up for pointers and padding. */
	fn = function_create_like(&r->function,
	    block->len + sizeof(struct route_rule));
	fn->number = (uint32_t)number;
	line_walk_init(&walk, *block);
	while ((found = line_next(&walk, &line)) != 0) {
		if (found == -1) {
			config_errors_add(r->errors, "%s: a line that is no "
			    "setting", fn->file);
			continue;
		}
		take_line(r, fn, &line);
		line_release(&line);
	}
	/* A wrong path is no path: one error is enough. */
	if (r->errors->count == before)
		check_rules(fn, r->errors);
	check_function(r, fn);
	if (r->errors->count == before)
		return fn;
	function_release(fn);
	return NULL;
}

struct function *
config_read_function(const struct config_index *index, uint32_t number)
{
	struct config_errors	 errors = { NULL, 0 };
	struct reader		 reader;
	struct function		*fn;

	if (number >= index->count)
		return NULL;
	reader_init(&reader, index, &errors);
	fn = read_function(&reader, number);
	config_errors_release(&errors);
	return fn;
}

/* Is the block, by its name and the digests that lead it, what fn came of? */
static bool
is_unchanged(struct block block, const struct function *fn)
{
	struct line_walk	 walk;
	struct line		 line;
	uint64_t		 digests[2];
	size_t			 i;

	line_walk_init(&walk, block);
	for (i = 0; i < 2; i++) {
		if (line_next(&walk, &line) != 1)
			return false;
		if (strcmp(line.function, fn->name) != 0 ||
		    strcmp(line.key, keys_function_row(i)->key) != 0) {
			line_release(&line);
			return false;
		}
		digests[i] = strtoull(line.value, NULL, 16);
		line_release(&line);
	}
	return digests[0] == fn->process_digest &&
	    digests[1] == fn->rest_digest;
}

static void
read_functions(struct config *config, const struct config_index *index,
    const struct config *old, struct config_errors *errors)
{
	struct reader	 reader;
	struct function	*fn;
	const char	*last = "";
	size_t		 i;

	reader_init(&reader, index, errors);
	config->functions = arena_calloc(config->arena, index->count,
	    sizeof(struct function *));
	for (i = 0; i < index->count; i++) {
		if (old != NULL && i < old->count &&
		    is_unchanged(index->functions[i], old->functions[i]))
			fn = function_hold(old->functions[i]);
		else
			fn = read_function(&reader, i);
		if (fn == NULL)
			continue;
		if (strcmp(fn->name, last) <= 0)
			config_errors_add(errors, "%s: function %s comes twice "
			    "or out of order", fn->file, fn->name);
		last = fn->name;
		config->functions[config->count++] = fn;
	}
}

static struct config *
read_all(const struct config_index *index, uint64_t generation,
    const struct config *old, struct config_errors *errors)
{
	struct config	*config;
	struct arena	*arena;

	arena = arena_create(ARENA_CHUNK);
	config = arena_calloc(arena, 1, sizeof(*config));
	config->arena = arena;
	config->generation = generation;
	config->file = config_index_file(index, arena);
	config_read_gateway(index, arena, &config->gateway, errors);
	read_accounts(config, index, errors);
	read_functions(config, index, old, errors);
	return config;
}

struct config *
config_read(const char *text, size_t len, uint64_t generation,
    const struct config *old, struct config_errors *errors)
{
	struct config_index	*index;
	struct config		*config;
	size_t			 before = errors->count;

	index = config_index_create(text, len);
	config = read_all(index, generation, old, errors);
	config_index_free(index);
	if (errors->count == before)
		return config;
	config_free(config);
	return NULL;
}

struct config *
config_read_partly(const struct config_index *index,
    struct config_errors *errors)
{
	return read_all(index, 0, NULL, errors);
}

void
config_free(struct config *config)
{
	size_t	 i;

	if (config == NULL)
		return;
	for (i = 0; i < config->count; i++)
		function_release(config->functions[i]);
	arena_free(config->arena);	/* config itself is in it */
}
