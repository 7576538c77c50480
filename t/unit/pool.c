/*
 * pool: scenarios, with a clock and workers of our own.  What the words mean
 * stands in lib/scenario.h.
 */
#include <check.h>
#include <stdlib.h>

#include "lib/scenario.h"
#include "lib/suite.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
	const char	*title;
	const char	*words;
} scenarios[] = {
	/* asking */
	{ "starts when asked, no sooner",
	  "load a=0/0/0 ask:a 1=w1 a=1/0/1 started=1" },
	{ "the asker hears after it asked",
	  "load hold ask:a 1=waits stand:1 1=w1" },
	{ "an idle one is lent at once, the last used first",
	  "load ask:a ask:a back:1 back:2 ask:a 3=w2 ask:a 4=w1 started=2" },
	{ "one start a waiter, as the queue grows",
	  "a.max=8 load hold ask:a ask:a ask:a started=3" },
	{ "never more than max_children",
	  "load ask:a ask:a ask:a ask:a a=2/0/2 3=waits 4=waits started=2" },
	{ "first come, first served",
	  "a.max=1 load ask:a ask:a ask:a back:1 2=w1 3=waits back:2 3=w1" },
	{ "nobody overtakes who waits",
	  "a.max=1 load ask:a ask:a admit:a back:1 2=w1 go:3 3=waits ask:a "
	  "4=waits back:2 3=w1 4=waits back:3 4=w1" },
	{ "a waiter that leaves is passed over",
	  "a.max=1 load ask:a ask:a ask:a waiting=2 cancel:2 waiting=1 "
	  "back:1 3=w1" },
	{ "who leaves before its worker stands leaves it to the next",
	  "load hold ask:a cancel:1 stand:1 a=1/1/0 ask:a 2=w1" },
	{ "a full queue refuses",
	  "a.max=1 a.queue=2 load ask:a ask:a ask:a ask:a 3=waits 4=full "
	  "back:1 2=w1 ask:a 5=waits" },
	{ "queue_max 0 refuses only when all are busy",
	  "a.queue=0 load hold ask:a ask:a 1=waits 2=waits ask:a 3=full "
	  "stand:1 stand:2 1=w1 2=w2 ask:a 4=full back:1 ask:a 5=w1" },
	{ "one that is being replaced is not busy",
	  "a.max=1 a.queue=0 load ask:a hold spent:1 ask:a 2=waits ask:a "
	  "3=full obey wait:1 2=w2" },

	/* idling */
	{ "back to zero",
	  "load ask:a ask:a back:1 wait:999 a=2/1/1 wait:1 a=1/0/1 back:2 "
	  "wait:1000 a=0/0/0" },
	{ "the timeout counts from the last use",
	  "load ask:a back:1 wait:600 ask:a back:2 wait:600 a=1/1/0 "
	  "wait:400 a=0/0/0" },
	{ "back to min_children",
	  "a.max=4 a.min=2 load a=2/2/0 ask:a ask:a ask:a back:1 back:2 "
	  "back:3 wait:1000 a=2/2/0 started=3 wait:9000 a=2/2/0 started=3" },
	{ "process_idle_timeout 0",
	  "a.idle=0 load ask:a a=1/0/1 back:1 a=0/0/0" },
	{ "one kept warm that dies is replaced",
	  "a.min=1 load ask:a back:1 die:1 a=1/1/0 started=2" },
	{ "an idle one that dies is not, if nobody needs it",
	  "load ask:a back:1 die:1 a=0/0/0 ask:a 2=w2" },
	{ "frozen while idle, once it has served",
	  "a.freeze=1 a.min=1 load w1=thawed ask:a w1=thawed back:1 w1=frozen "
	  "ask:a w1=thawed" },
	{ "not frozen while somebody waits",
	  "a.freeze=1 a.max=1 load ask:a ask:a back:1 2=w1 w1=thawed" },

	/* the ends of workers */
	{ "a spent one is replaced for who waits",
	  "a.max=1 load ask:a ask:a spent:1 2=w2" },
	{ "a broken one too",
	  "a.max=1 load ask:a ask:a broken:1 2=w2" },
	{ "one that has answered its fill",
	  "a.max=1 a.requests=2 load ask:a back:1 ask:a 2=w1 ask:a back:2 "
	  "3=w2" },
	{ "one that dies with a request in hand stays until given back",
	  "a.max=1 load ask:a read:1 die:1 a=0/0/1 ask:a 2=w2 broken:1 "
	  "a=1/0/1" },
	{ "its return may come before word of its end",
	  "load hold ask:a stand:1 unheard:1 back:1 a=0/0/0 obey wait:1 "
	  "ask:a 2=w2" },
	{ "the next request may come before word of its end",
	  "load ask:a back:1 hold unheard:1 ask:a 2=waits obey wait:1 2=w2" },
	{ "one that its module has killed while idle is not lent",
	  "load ask:a back:1 hold kill:1 ask:a 2=waits obey wait:1 2=w2" },
	{ "nor is one that was killed with a request in hand",
	  "load hold ask:a stand:1 kill:1 back:1 ask:a 2=waits obey wait:1 "
	  "2=w2" },

	/* starts that fail */
	{ "a start that fails is told to all that waited for it",
	  "load hold ask:a ask:a refuse:1:failed 1=waits refuse:2:failed "
	  "1=failed 2=failed ask:a 3=backoff backoff=1000 started=2" },
	{ "one that ends before it served",
	  "load hold ask:a stand:1 die:1 nostart:1 ask:a 2=backoff" },
	{ "one that ends before anybody came",
	  "a.min=1 load hold die:1 ask:a 1=backoff wait:1000 started=2 "
	  "die:2 backoff=2000 ask:a 2=backoff" },
	{ "one that never took its request",
	  "load ask:a ask:a nostart:1 ask:a 3=waits nostart:2 3=failed "
	  "backoff=1000 ask:a 4=backoff a=0/0/0" },
	{ "twice as long each time, up to the most",
	  "load hold ask:a refuse:1:failed backoff=1000 wait:1000 "
	  "ask:a refuse:2:failed 2=failed backoff=2000 wait:2000 "
	  "ask:a refuse:3:failed backoff=4000 wait:4000 "
	  "ask:a refuse:4:failed backoff=8000 wait:8000 "
	  "ask:a refuse:5:failed backoff=8000 wait:7999 ask:a 6=backoff "
	  "started=5" },
	{ "one probe until it has served",
	  "a.max=4 load hold ask:a refuse:1:failed wait:1000 ask:a ask:a "
	  "ask:a started=2 stand:2 2=w2 started=2 read:2 ask:a started=5" },
	{ "success ends the back-off",
	  "load hold ask:a refuse:1:failed wait:1000 ask:a stand:2 back:2 "
	  "ask:a 3=w2 ask:a started=3 refuse:3:failed backoff=1000" },
	{ "a success from before the failure proves nothing",
	  "load ask:a hold ask:a refuse:2:failed 2=waits back:1 2=w1 ask:a "
	  "started=2 3=waits backoff=1000" },
	{ "a probe that stands as long as the back-off will do",
	  "a.min=2 hold load a=2/0/0 refuse:1:failed refuse:2:failed wait:1000 "
	  "started=3 stand:3 wait:999 started=3 wait:1 started=4" },
	{ "a probe that is given back untried makes way for another",
	  "load hold ask:a refuse:1:failed wait:1000 ask:a ask:a stand:2 2=w2 "
	  "3=waits abort:2 started=3" },
	{ "a start of the load before is no failure",
	  "load hold ask:a load refuse:1:failed 1=waits started=2 stand:2 "
	  "1=w2" },

	/* max_workers */
	{ "the least recently used leaves",
	  "gw.workers=2 load ask:a back:1 ask:b back:2 ask:c 3=w3 a=0/0/0 "
	  "b=1/1/0 c=1/0/1" },
	{ "never below min_children",
	  "gw.workers=2 a.min=1 load ask:a back:1 ask:b back:2 ask:c 3=w3 "
	  "a=1/1/0 b=0/0/0" },
	{ "nobody in service has to make room",
	  "gw.workers=2 load ask:a ask:b ask:c 3=waits wait:500 3=waits "
	  "back:1 3=w3 a=0/0/0 b=1/0/1" },
	{ "who waited for room longest comes first",
	  "gw.workers=1 load ask:a ask:b ask:c back:1 2=w2 3=waits "
	  "back:2 3=w3" },
	{ "who no longer waits takes no room",
	  "gw.workers=1 load ask:a ask:b cancel:2 back:1 a=1/1/0 started=1" },
	{ "a busy function gives way after a while",
	  "gw.workers=1 a.max=1 load ask:a wait:1 ask:b wait:1 ask:a back:1 "
	  "3=w1 ask:a wait:1000 back:3 2=w2 4=waits back:2 4=w3" },
	{ "more room by a load is used at once",
	  "gw.workers=1 load ask:a ask:b 2=waits gw.workers=2 load 2=w2" },
	{ "queue_max 0 waits while room is made",
	  "gw.workers=1 b.queue=0 load ask:a back:1 hold ask:b 2=waits ask:b "
	  "3=full obey wait:1 2=w2" },

	/* concurrency */
	{ "a worker has several slots",
	  "a.slots=3 load hold ask:a ask:a ask:a started=1 stand:1 1=w1 2=w1 "
	  "3=w1 ask:a 4=waits started=2 back:2 4=w1" },
	{ "idle ones before those at work",
	  "a.slots=2 load hold ask:a ask:a ask:a started=2 stand:1 stand:2 "
	  "3=w2 back:3 back:1 ask:a 4=w2 back:2 ask:a 5=w1" },
	{ "one that has answered its fill ends what it has in hand",
	  "a.slots=2 a.max=1 a.requests=2 load ask:a ask:a ask:a back:1 "
	  "a=1/0/1 3=waits back:2 3=w2" },
	{ "several that it never took are one failure",
	  "a.slots=2 load hold ask:a ask:a stand:1 die:1 nostart:1 nostart:2 "
	  "backoff=1000 wait:1000 ask:a started=2" },

	/* launchers */
	{ "another waits soon after one is lent",
	  "a.launch=1 load ask:a 1=w1 a=1/0/1 wait:19 a=1/0/1 wait:1 a=2/1/1 "
	  "ask:a 2=w2" },
	{ "as soon as it has ended",
	  "a.launch=1 load ask:a spent:1 started=1 die:1 started=2 ask:a "
	  "2=w2" },
	{ "or at once, if somebody else comes",
	  "a.launch=1 a.max=8 load ask:a ask:a 2=w2 a=2/0/2 wait:20 a=4/2/2" },
	{ "those that wait do not count in max_children",
	  "a.launch=1 a.max=1 load ask:a wait:20 a=2/1/1 ask:a 2=waits die:1 "
	  "2=w2 spent:1 wait:20 a=2/1/1" },
	{ "its end may come after its return",
	  "a.launch=1 a.max=1 load ask:a spent:1 wait:20 a=2/2/0 ask:a 2=waits "
	  "die:1 2=w2" },
	{ "none is used twice, nor stopped",
	  "a.launch=1 load hold ask:a stand:1 spent:1 wait:20 a=2/1/0 ask:a "
	  "2=waits" },
	{ "as many wait as lately ran at once",
	  "a.launch=1 a.max=8 load ask:a ask:a ask:a wait:20 a=6/3/3 3=w3 "
	  "die:1 die:2 die:3 spent:1 spent:2 spent:3 a=3/3/0 ask:a wait:20 "
	  "a=4/3/1" },
	{ "until none has run for a while",
	  "a.launch=1 load ask:a die:1 spent:1 a=1/1/0 wait:900 a=1/1/0 "
	  "wait:1200 a=0/0/0" },
	{ "one that nobody took is lent again",
	  "a.launch=1 load ask:a drop:1 ask:a 2=w1" },
	{ "min_children of them wait always",
	  "a.launch=1 a.min=2 load a=2/2/0 ask:a 1=w2 wait:20 a=3/2/1 die:2 "
	  "spent:1 wait:5000 a=2/2/0" },
	{ "nobody makes room for a reserve",
	  "gw.workers=2 a.launch=1 load ask:b back:1 ask:a 2=w2 a=1/0/1 "
	  "b=1/1/0" },
	{ "queue_max 0",
	  "a.launch=1 a.max=1 a.queue=0 load ask:a 1=w1 ask:a 2=full "
	  "die:1 spent:1 ask:a 3=w2" },
	{ "launchers that cannot be started",
	  "a.launch=1 load hold ask:a refuse:1:failed 1=failed ask:a 2=backoff "
	  "wait:1000 ask:a stand:2 3=w2 die:2 spent:3 ask:a started=4" },

	/* loads */
	{ "the same program: workers stay",
	  "load ask:a back:1 load ask:a 2=w1 started=1" },
	{ "what does not concern the process applies in place",
	  "a.max=1 load ask:a ask:a 2=waits a.max=2 load 2=w2" },
	{ "another program: new workers, the old ones drain",
	  "load ask:a ask:a back:1 a.digest=1 load a=1/0/1 back:2 a=0/0/0 "
	  "ask:a 3=w3" },
	{ "max_children holds over both",
	  "a.max=1 load ask:a a.digest=1 load ask:a 2=waits back:1 2=w2" },
	{ "what is being started is let go",
	  "load hold ask:a a.digest=1 load started=2 stand:2 1=w2 obey wait:1 "
	  "a=1/0/1" },
	{ "fewer children",
	  "load ask:a ask:a back:1 back:2 a.max=1 load a=1/1/0" },
	{ "fewer children, all at work",
	  "load ask:a ask:a a.max=1 load a=2/0/2 back:1 a=1/0/1" },
	{ "min_children raised and lowered",
	  "load a.min=2 load a=2/2/0 a.min=0 load wait:1000 a=0/0/0" },
	{ "a repaired program is tried at once",
	  "load hold ask:a refuse:1:failed a.digest=1 load ask:a 2=waits "
	  "started=2" },
	{ "a function that is gone serves who waits with what it has",
	  "a.max=1 load ask:a ask:a a.gone=1 load a=1/0/1 back:1 2=w1 back:2 "
	  "a=0/0/0 pools=0" },
	{ "or tells them",
	  "a.max=1 load ask:a ask:a a.gone=1 load 2=waits spent:1 2=gone "
	  "cancel:2 pools=0" },
	{ "who comes too late is told",
	  "load ask:a back:1 admit:a a.gone=1 load a=0/0/0 go:2 2=gone" },
	{ "a function that comes back",
	  "load ask:a a.gone=1 load a.gone=0 load back:1 a=1/1/0 ask:a 2=w1" },

	/* templates */
	{ "a pool for each capture",
	  "load ask:t/x ask:t/y back:1 ask:t/y 3=w3 ask:t/x 4=w1 pools=2" },
	{ "no such program",
	  "load hold ask:t/x ask:t/x refuse:1:missing refuse:2:missing "
	  "1=missing 2=missing ask:t/x 3=missing started=2 cancel:1 cancel:2 "
	  "cancel:3 pools=1 wait:1000 pools=0" },
	{ "a program that must not be run, never for long",
	  "load hold ask:t/x refuse:1:distrusted 1=distrusted wait:1000 "
	  "ask:t/x refuse:2:distrusted 2=distrusted backoff=1000" },
	{ "its pool ends with its last worker",
	  "load ask:t/x back:1 pools=1 wait:1000 t=0/0/0 pools=0" },
	{ "but not while a request holds it",
	  "load ask:t/x back:1 admit:t/x wait:1000 pools=1 go:2 2=w2" },

	/* accounts */
	{ "never more of all a user's functions",
	  "u1.max=2 a.max=4 b.max=4 load ask:a ask:b ask:a ask:b 3=waits "
	  "4=waits started=2 broken:1 3=w3 4=waits" },
	{ "an idle one of the same user makes room",
	  "u1.max=2 load ask:a ask:b back:2 ask:a b=0/0/0 3=w3" },
	{ "one of another user does not",
	  "c.uid=2 u1.max=1 load ask:c back:1 ask:a ask:b 3=waits c=1/1/0 "
	  "a=1/0/1 started=2" },
	{ "and is not kept out",
	  "c.uid=2 u1.max=1 load ask:a ask:a ask:b ask:c 4=w2" },
	{ "the user's limit and that of all",
	  "c.uid=2 gw.workers=2 u1.max=1 load ask:a ask:c back:1 ask:b "
	  "3=w3 a=0/0/0 ask:c 4=waits spent:3 4=w4" },
	{ "launchers count",
	  "a.launch=1 u1.max=2 load ask:a wait:20 a=2/1/1 ask:b a=1/0/1 2=w3" },
	{ "a launcher in reserve makes nobody leave",
	  "a.launch=1 u1.max=2 load ask:b back:1 ask:a wait:20 b=1/1/0 "
	  "started=2" },
	{ "a user's queue is full",
	  "u1.max=1 u1.queue=2 load ask:a ask:a ask:b ask:b 4=accountfull "
	  "cancel:2 ask:b 5=waits ask:a 6=accountfull waiting=2" },
	{ "another's is not",
	  "c.uid=2 u1.max=1 u1.queue=1 c.max=1 load ask:a ask:a ask:b "
	  "3=accountfull ask:c ask:c ask:c 5=waits 6=waits" },
	{ "who has a worker coming does not wait",
	  "u1.queue=0 load hold ask:a ask:b 1=waits 2=waits stand:1 1=w1 "
	  "ask:a 3=waits u1.max=3 load ask:b 4=accountfull" },
	{ "an account of no workers",
	  "u1.max=0 load ask:a 1=accountfull started=0 c.uid=2 load ask:c "
	  "2=w1" },
	{ "none any more, and who waits is told",
	  "a.max=1 load ask:a ask:a back:1 2=w1 ask:a u1.max=0 load 3=waits "
	  "spent:2 3=accountfull" },
	{ "fewer than there are: idle ones go, others when given back",
	  "a.max=4 load ask:a ask:a ask:a back:1 u1.max=1 load a=2/0/2 "
	  "back:2 a=1/0/1 back:3 a=1/1/0" },
	{ "more are let in at once",
	  "u1.max=1 load ask:a ask:b 2=waits u1.max=2 load 2=w2" },
	{ "starts wait for their turn",
	  "a.max=4 u1.rate=2 u1.burst=1 load ask:a ask:a ask:a 1=w1 2=waits "
	  "started=1 wait:499 started=1 wait:1 2=w2 3=waits wait:500 3=w3" },
	{ "those of all the user's functions, first come, first served",
	  "u1.rate=1 u1.burst=1 load ask:b ask:a ask:c c.uid=1 wait:1000 "
	  "2=w2 3=waits wait:1000 3=w3" },
	{ "but not another's",
	  "c.uid=2 u1.rate=1 u1.burst=1 load ask:a ask:b ask:c 2=waits 3=w2" },
	{ "nobody has to leave for a rate",
	  "u1.rate=1 u1.burst=2 load ask:a back:1 ask:b ask:b 3=waits "
	  "a=1/1/0 wait:1000 3=w3" },
	{ "a worker given back serves who waits for a start",
	  "u1.rate=1 u1.burst=1 load ask:a ask:a 2=waits back:1 2=w1 "
	  "wait:5000 started=1" },
	{ "a higher rate holds at once",
	  "u1.rate=1 u1.burst=1 load ask:a ask:b 2=waits wait:10 u1.rate=100 "
	  "load 2=w2" },
	{ "within a user nobody is kept out for ever",
	  "a.max=1 u1.max=1 load ask:a ask:b wait:1000 ask:a back:1 2=w2 "
	  "3=waits" },
	{ "the spawner's limit is no failure",
	  "load hold ask:a refuse:1:capped 1=waits started=1 wait:99 "
	  "started=1 wait:1 started=2 stand:2 1=w2 backoff=0" },
	{ "of a template it tells whose",
	  "load hold ask:t/x refuse:1:capped ask:t/y 2=waits started=2 "
	  "wait:100 started=3" },
	{ "a template's counts once its user is known",
	  "u3.max=1 load admit:t/x ask:t/x ask:t/y 2=w1 3=w2 back:2 t=1/0/1 "
	  "ask:t/x 4=waits back:3 4=w3" },
	{ "and its queue, too",
	  "t.max=1 u3.queue=1 load ask:t/x ask:t/x ask:t/x 3=accountfull "
	  "cancel:2 ask:t/x 4=waits" },

	/* the end */
	{ "who waits is served, who idles goes",
	  "a.max=1 a.min=1 b.min=1 load ask:a ask:a drain b=0/0/0 a=1/0/1 "
	  "back:1 2=w1 back:2 a=0/0/0 started=2" },
	{ "a request still under way finds a worker",
	  "load admit:a drain go:1 1=w1 back:1 a=0/0/0" },
	{ "no launcher waits any more",
	  "a.launch=1 load ask:a wait:20 drain a=1/0/1 ask:a 2=w3 a=2/0/2" },
};

START_TEST(scenario)
{
	scenario_run(scenarios[_i].title, scenarios[_i].words);
}
END_TEST

START_TEST(chance)
{
	scenario_random((unsigned)_i);
}
END_TEST

int
main(void)
{
	Suite	*s;
	TCase	*tc;

	s = suite_create("pool");
	tc = tcase_create("pool");
	tcase_add_loop_test(tc, scenario, 0, ROWS(scenarios));
	tcase_add_loop_test(tc, chance, 1, 21);
	suite_add_tcase(s, tc);

	return suite_run(s);
}
