/*
 * scenario: what happens to pools, and what must come of it, as a line of
 * words.  Functions are a to d and the template t; requests and workers are
 * numbered from 1 in the order of their coming.
 *
 *	a.max=2 gw.workers=3	configure; load puts it in force
 *	a.uid=2 u2.max=3	whose it is; what his account allows: all are
 *				1's, without limits, those of t 3's
 *	hold, obey		the spawner: does nothing; or as told (default)
 *	stand:W die:W unheard:W kill:W refuse:W:WHY	what becomes of a worker
 *	admit:a go:N ask:a	a request finds its pool; asks it; does both
 *	read:N			its worker has read it: is no longer cold
 *	back:N spent:N broken:N	it gives its worker back, having read it
 *	drop:N abort:N nostart:N	likewise, not having done so
 *	cancel:N wait:MS drain
 *
 * and what must be true then:
 *
 *	a=4/1/2			workers alive, of those idle, with work in hand
 *	N=w3 N=waits N=full	what came of the request
 *	w1=frozen w1=thawed	the worker
 *	started=5 pools=1 waiting=2	starts so far; pools; tickets
 *	backoff=1000		of the pool made first
 *
 * After each word the counts are checked, and at the end that nothing is left.
 */
#ifndef TOLLGATE_SCENARIO_H
#define TOLLGATE_SCENARIO_H

void	scenario_run(const char *title, const char *words);

/* Whatever happens, in any order: the counts are right, nothing is left. */
void	scenario_random(unsigned seed);

#endif
