/*
 * auth: the messages between the gateway and tollgate-auth, which checks
 * passwords: crypt(3) takes milliseconds, in which no loop may stand still.
 *
 * One struct each, over a SOCK_SEQPACKET pair; questions are answered in the
 * order in which they come.  Both ends are of one build.
 */
#ifndef TOLLGATE_AUTH_H
#define TOLLGATE_AUTH_H

#include <stdint.h>

#define AUTH_HASH_LEN		256	/* with their NULs */
#define AUTH_PASSWORD_LEN	512
#define AUTH_CHANNEL		3	/* the helper's only descriptor */

struct auth_question {
	uint64_t	 number;
	char		 hash[AUTH_HASH_LEN];	/* as crypt(3) stores it */
	char		 password[AUTH_PASSWORD_LEN];
};

struct auth_answer {
	uint64_t	 number;
	uint32_t	 is_right;
	uint32_t	 reserved;
};

#endif
