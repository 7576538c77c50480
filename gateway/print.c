/*
 * print: a configuration as files that read back the same (config.h).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct printing {
	FILE			*out;
	struct value_buffer	 buffer;
	bool			 with_help;
};

/* key = value, the value in quotes if iniparser needs them. */
static void
print_row(struct printing *p, const struct setting *row, const void *base)
{
	const char	*value;
	char		*quoted;

	if (row->flags & SETTING_DERIVED)
		return;
	if (p->with_help)
		fprintf(p->out, "\n; %s\n", row->help);
	value = value_text(&p->buffer, row, base);
	quoted = xmalloc(strlen(value) + 3);
	if (value_quote(quoted, value) == -1)
		strcpy(quoted, value);
	fprintf(p->out, "%s =%s%s\n", strchr(row->key, '.') + 1,
	    *quoted == '\0' ? "" : " ", quoted);
	free(quoted);
}

/* All rows of one section, under its name. */
static void
print_section(struct printing *p, const char *name,
    const struct setting *(*row_at)(size_t), const void *base)
{
	const struct setting	*row;
	size_t			 len = strcspn(name, " "), i;

	fprintf(p->out, "\n[%s]\n", name);
	for (i = 0; (row = row_at(i)) != NULL; i++)
		if (strncmp(row->key, name, len) == 0 && row->key[len] == '.')
			print_row(p, row, base);
}

static void
print_function(struct printing *p, const struct function *fn)
{
	static const char *const after[] = {
		"pool", "limits", "sandbox", "access", "log"
	};
	static const struct route_rule	 none = { .regex = "" };
	size_t				 i;

	fprintf(p->out, "\n; %s\n", fn->file);
	print_section(p, "function", keys_function_row, fn);
	for (i = 0; i < fn->rule_count; i++)
		print_section(p, fn->rules[i].section, keys_function_row,
		    &fn->rules[i]);
	if (fn->rule_count == 0)
		print_section(p, "route", keys_function_row, &none);
	for (i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		print_section(p, after[i], keys_function_row,
		    strcmp(after[i], "access") == 0 ?
		    (const void *)fn->access : fn);
}

static void
print_account(struct printing *p, const struct account *a)
{
	if (*a->file == '\0')
		return;		/* all others': no file says anything */
	fprintf(p->out, "\n; %s\n", a->file);
	print_section(p, "account", keys_account_row, a);
}

void
config_print(FILE *out, const struct config *config, bool with_help)
{
	struct printing	 p = { out, { NULL, NULL, 0 }, with_help };
	size_t		 i;

	fprintf(out, "; %s\n", config->file);
	print_section(&p, "gateway", keys_gateway_row, &config->gateway);
	for (i = 0; i < config->account_count; i++)
		print_account(&p, &config->accounts[i]);
	print_account(&p, &config->others);
	for (i = 0; i < config->count; i++)
		print_function(&p, config->functions[i]);
	value_buffer_release(&p.buffer);
}
