/*
 * lambdaenv: what a Lambda worker finds in its environment, and the names that
 * stand for AWS's own.
 */
#ifndef TOLLGATE_LAMBDAENV_H
#define TOLLGATE_LAMBDAENV_H

#include <stddef.h>

struct arena;
struct function;
struct word_list;

#define LAMBDA_REGION	"us-east-1"
#define LAMBDA_ACCOUNT	"000000000000"
#define LAMBDA_VERSION	"$LATEST"

/* MB of memory it is said to have: its memory_max, or AWS's largest. */
unsigned	lambda_memory_mb(const struct function *);

/* arn:aws:lambda:...:function:NAME, in the arena. */
const char	*lambda_arn(const struct function *, struct arena *);

/*
 * The variables as NAME=value: those that the function's own environment may
 * not change into fixed, where there is room for one more, and those that it
 * may into usual, where there is for a few.  folder: where it runs.  All in the
 * arena.
 */
void	lambda_environment(const struct function *, struct arena *,
	    const char *folder, struct word_list *fixed,
	    struct word_list *usual);

#endif
