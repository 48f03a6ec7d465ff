/*
 * A queue for each address: its next session begins a second after the one
 * before has ended, so that no server sees two of ours at once. An address that
 * is an MX host's, too, waits until all sessions for mail are over.
 */
#include "tools/mxcheck/access.h"

#include <sys/queue.h>

#include <event2/event.h>

#include <stdlib.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define PAUSE_S 1
#define ADDRS_MAX 8 /* of a server, that are dialled */

struct queue { /* what one address is to be asked */
	TAILQ_ENTRY(queue) entry;
	struct access_prober *prober;
	const struct facts_addr *addr;
	struct facts_access **accesses;
	size_t n, at; /* at: the one that is under way, or next */
	struct probe_how how;
	struct probe *probe; /* NULL: not under way */
	struct event *next;
};

TAILQ_HEAD(queues, queue);

struct access_prober {
	const struct prober_how *how;
	struct queues held; /* until access_prober_release() */
	struct queues waiting, open;
	unsigned n_open;
	struct event *next, *release;
};

static void
free_queue(struct queue *queue)
{
	probe_free(queue->probe);
	event_free(queue->next);
	free(queue->accesses);
	free(queue);
}

static void
on_next_session(evutil_socket_t fd, short what, void *arg)
{
	struct queue *queue = arg;
	struct access_prober *prober = queue->prober;

	(void)fd, (void)what;
	if (queue->at == queue->n) {
		TAILQ_REMOVE(&prober->open, queue, entry);
		prober->n_open--;
		free_queue(queue);
		event_active(prober->next, 0, 0);
		return;
	}
	queue->probe = probe_new_access(&queue->how,
	    queue->accesses[queue->at]);
}

static void
on_done(void *arg, struct probe *probe)
{
	struct queue *queue = arg;
	struct timeval pause = {0};

	probe_free(probe);
	queue->probe = NULL;
	pause.tv_sec = ++queue->at < queue->n ? PAUSE_S : 0;
	if (event_add(queue->next, &pause) != 0)
		fatal("out of memory");
}

static void
on_next(evutil_socket_t fd, short what, void *arg)
{
	struct access_prober *prober = arg;
	struct queue *queue;

	(void)fd, (void)what;
	while (prober->n_open < prober->how->settings->jobs &&
	    (queue = TAILQ_FIRST(&prober->waiting)) != NULL) {
		TAILQ_REMOVE(&prober->waiting, queue, entry);
		TAILQ_INSERT_TAIL(&prober->open, queue, entry);
		prober->n_open++;
		event_active(queue->next, 0, 0);
	}
	if (TAILQ_EMPTY(&prober->open) && TAILQ_EMPTY(&prober->waiting) &&
	    TAILQ_EMPTY(&prober->held))
		prober->how->done(prober->how->arg);
}

static void
on_release(evutil_socket_t fd, short what, void *arg)
{
	struct access_prober *prober = arg;

	TAILQ_CONCAT(&prober->waiting, &prober->held, entry);
	on_next(fd, what, prober);
}

void
access_prober_release(struct access_prober *prober)
{
	const struct timeval pause = {.tv_sec = PAUSE_S};

	if (!TAILQ_EMPTY(&prober->held) &&
	    event_add(prober->release, &pause) != 0)
		fatal("out of memory");
}

static struct event *
new_event(struct access_prober *prober, event_callback_fn callback, void *arg)
{
	struct event *event = event_new(prober->how->base, -1, 0, callback,
	    arg);

	if (event == NULL)
		fatal("out of memory");
	return event;
}

static void
on_trace(void *arg, const char *name, const char *addr, char way,
    const char *text)
{
	const struct queue *queue = arg;

	queue->prober->how->trace(queue->prober->how->arg, name, addr, way,
	    text);
}

static struct queue *
add_queue(struct access_prober *prober, struct queues *queues,
    const struct facts_addr *addr)
{
	const struct prober_how *how = prober->how;
	struct queue *queue = xcalloc(1, sizeof(*queue));

	queue->prober = prober;
	queue->addr = addr;
	queue->how = (struct probe_how){
	    .base = how->base,
	    .settings = how->settings,
	    .tls = how->tls,
	    .facts = how->facts,
	    .patient = how->settings->patient,
	    .done = on_done,
	    .trace = how->trace != NULL ? on_trace : NULL,
	    .arg = queue,
	};
	queue->next = new_event(prober, on_next_session, queue);
	TAILQ_INSERT_TAIL(queues, queue, entry);
	return queue;
}

static void
add(struct access_prober *prober, struct facts_access *access)
{
	struct queues *queues = access->addr->dialled != NULL ?
	    &prober->held : &prober->waiting;
	struct queue *queue;

	TAILQ_FOREACH(queue, queues, entry)
		if (queue->addr == access->addr)
			break;
	if (queue == NULL)
		queue = add_queue(prober, queues, access->addr);
	queue->accesses = xreallocarray(queue->accesses, queue->n + 1,
	    sizeof(*queue->accesses));
	queue->accesses[queue->n++] = access;
}

static void
plan_srv(struct facts *facts, const struct facts_domain *domain,
    enum facts_service service, const struct facts_srv *srv)
{
	struct facts_access *access;

	for (size_t i = 0; srv->server != NULL && srv->port != 0 &&
	    i < srv->server->n_addrs && i < ADDRS_MAX; i++) {
		access = facts_access(facts, service, srv->server,
		    &srv->server->addrs[i]->addr, srv->port);
		facts_name_add(facts, &access->domains, domain->name);
	}
}

void
access_plan(struct facts *facts)
{
	for (size_t i = 0; i < facts->n_domains; i++)
		for (unsigned s = 0; s < FACTS_SERVICES; s++) {
			const struct facts_domain *domain = facts->domains[i];
			const struct facts_offer *offer = &domain->offers[s];

			for (size_t k = 0; k < offer->n_srvs; k++)
				plan_srv(facts, domain, (enum facts_service)s,
				    &offer->srvs[k]);
		}
}

struct access_prober *
access_prober_new(const struct prober_how *how)
{
	struct access_prober *prober = xcalloc(1, sizeof(*prober));

	prober->how = how;
	TAILQ_INIT(&prober->held);
	TAILQ_INIT(&prober->waiting);
	TAILQ_INIT(&prober->open);
	prober->next = new_event(prober, on_next, prober);
	prober->release = new_event(prober, on_release, prober);
	for (size_t i = 0; i < how->facts->n_accesses; i++)
		if (how->facts->accesses[i]->untried == NULL)
			add(prober, how->facts->accesses[i]);
	event_active(prober->next, 0, 0);
	return prober;
}

static void
stop_queue(struct queue *queue)
{
	size_t at = queue->at;

	if (queue->probe != NULL) {
		probe_stop(queue->probe);
		at++;
	}
	for (; at < queue->n; at++)
		queue->accesses[at]->probe.step[FACTS_CONNECT].end =
		    FACTS_END_STOPPED;
}

void
access_prober_stop(struct access_prober *prober)
{
	struct queue *queue;

	TAILQ_FOREACH(queue, &prober->held, entry)
		stop_queue(queue);
	TAILQ_FOREACH(queue, &prober->waiting, entry)
		stop_queue(queue);
	TAILQ_FOREACH(queue, &prober->open, entry)
		stop_queue(queue);
}

static void
free_queues(struct queues *queues)
{
	struct queue *queue;

	while ((queue = TAILQ_FIRST(queues)) != NULL) {
		TAILQ_REMOVE(queues, queue, entry);
		free_queue(queue);
	}
}

void
access_prober_free(struct access_prober *prober)
{
	if (prober == NULL)
		return;
	free_queues(&prober->held);
	free_queues(&prober->waiting);
	free_queues(&prober->open);
	event_free(prober->next);
	event_free(prober->release);
	free(prober);
}
