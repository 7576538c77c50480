/*
 * privileges: the capabilities of the spawner: which it keeps, and what for.
 *
 * It may have them as root, or be another user whom a service manager gave them
 * to.  What it can do is asked by capability, never by whether it is root.
 */
#ifndef TOLLGATE_PRIVILEGES_H
#define TOLLGATE_PRIVILEGES_H

#include <stdbool.h>

/* Can this process run others as other users? */
bool	privileges_can_change_user(void);

/*
 * Give up, for good and for all that is forked from now on, what the table does
 * not name; hand nothing down to whatever is exec'ed.  0, or -1 with errno.
 */
int	privileges_keep_needed(void);

/*
 * For a child that is about to be, or has become, another user: give up all,
 * for good.  Whoever changes from a user that is not root still has them.
 */
void	privileges_bound(void);		/* before: it takes CAP_SETPCAP */
int	privileges_drop(void);		/* after; 0, or -1 with errno */

#endif
