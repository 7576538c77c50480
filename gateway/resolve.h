/*
 * resolve: what a load says but no file does.
 *
 * Users and groups become numbers, environment files words, memory_max and
 * tasks_max rlimits; and what will not work, though every value is right, is
 * said.  All of it is written into the structs, whose derived keys ini then
 * writes as lines.
 */
#ifndef TOLLGATE_RESOLVE_H
#define TOLLGATE_RESOLVE_H

struct config;
struct config_errors;
struct config_index;

/*
 * config was read (partly) by index and is changed.  As root, functions get
 * users of their own; else all is the caller's.  refused says which functions
 * will not be run, as they require what is not to be had here.
 */
void	resolve_config(struct config *config, const struct config_index *index,
	    struct config_errors *errors, struct config_errors *warnings,
	    struct config_errors *refused);

#endif
