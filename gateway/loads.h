/*
 * loads: the configuration in force, the one before, and the one that is read
 * or offered to the gateway.
 *
 * A load comes into force only when the gateway has accepted it whole; until
 * then, and if it is refused, the old one stays, sockets included.
 */
#ifndef TOLLGATE_LOADS_H
#define TOLLGATE_LOADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "message.h"

struct channel;
struct gateway_settings;
struct listeners;
struct load;
struct loads;

/*
 * path: of tollgate.ini, for reloads.  load and what is in listeners are in
 * force from the start, and owned from here on.
 */
struct loads	*loads_create(int epoll, const char *path, struct load *,
		    struct listeners *);
void		 loads_free(struct loads *);

/* A new gateway: offer it what is in force.  -1 with errno if that fails. */
int	loads_serve(struct loads *, struct channel *);
/* It is no more. */
void	loads_abandon(struct loads *);
/* Has the gateway a load in force? */
bool	loads_are_in_force(const struct loads *);

/*
 * LOADED.  NULL, or in static words why this gateway cannot go on: it refuses
 * what is in force, or answers what it was not asked.
 */
const char	*loads_answer(struct loads *, const struct message_load *);

/* Read the files anew; now, or when the reload under way is over. */
void	loads_reload(struct loads *);
/* The process that reads them, 0 if there is none; it has been reaped. */
pid_t	loads_reader(const struct loads *);
void	loads_reader_ended(struct loads *);

/* The load of that generation, as long as a START can mean it; or NULL. */
const struct load	*loads_find(struct loads *, uint64_t generation);
/* That in force. */
const struct load	*loads_now(const struct loads *);
uint64_t		 loads_generation(const struct loads *);
const struct gateway_settings	*loads_settings(const struct loads *);

/* We end: nobody shall connect any more, and no reload come to its end. */
void	loads_end(struct loads *);

#endif
