/*
 * runtimes: from a function's runtime and handler to the program that is
 * started and the folder that its code is in.
 */
#ifndef TOLLGATE_RUNTIMES_H
#define TOLLGATE_RUNTIMES_H

struct config_errors;
struct config_index;
struct function;
struct word_list;

/*
 * Fill program and task_root, as the files are now; nothing for a function
 * without a runtime.  Its environment is complete.  Adds to errors what cannot
 * work, to warnings what does not yet.
 */
void	runtimes_resolve(struct function *, const struct config_index *,
	    struct config_errors *errors, struct config_errors *warnings);

/*
 * Call for each file whose change makes the function another one: code and
 * bootstrap.
 */
void	runtimes_each_file(const struct function *,
	    void (*with)(void *arg, const char *path), void *arg);

/*
 * Add what a worker of the function's runtime finds in its environment, beyond
 * what lambdaenv says of any: up to RUNTIMES_VARIABLES, in the function's
 * arena, to usual, which has room for so many more.
 */
#define RUNTIMES_VARIABLES	3
void	runtimes_environment(const struct function *, struct word_list *usual);

#endif
