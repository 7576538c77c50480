/*
 * suite: how every unit test ends: run its one suite, and say TAP.
 */
#ifndef TOLLGATE_SUITE_H
#define TOLLGATE_SUITE_H

#include <check.h>
#include <stdlib.h>

/* What main returns. */
static inline int
suite_run(Suite *s)
{
	SRunner	*sr;
	int	 failed;

	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
