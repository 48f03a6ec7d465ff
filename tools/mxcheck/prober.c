/*
 * A job for each address: queued, under way, or waiting for its second try.
 *
 * A server that does not even answer to connect costs nobody anything: after a
 * moment it gives its place among the jobs to the next, so that many dead ones
 * do not make a run long. Sockets are limited besides.
 */
#include "tools/mxcheck/prober.h"

#include <sys/queue.h>
#include <sys/resource.h>

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/outcome.h"

#define PLACE_MS 100 /* for which a connect keeps its place */
#define SOCKETS_SPARE 64 /* for everything else */
#define SECOND_S 1 /* the least time between two sessions with an address */

struct job {
	TAILQ_ENTRY(job) entry;
	struct prober *prober;
	struct facts_endpoint *ep;
	struct probe_how how;
	struct probe *probe; /* NULL: queued or waiting */
	struct probe *kept;  /* the first one, if the second is for the other
			      * certificate; NULL */
	struct event *again; /* NULL before the first session is over */
	struct event *moment; /* until it gives its place away */
	bool has_place;
	struct facts_probe first;
	const struct facts_domain **domains;
	size_t n_domains;
	bool is_shared; /* the address has other names */
};

TAILQ_HEAD(jobs, job);

struct prober {
	const struct prober_how *how;
	struct jobs queued, open; /* open: under way, or waiting */
	unsigned n_places;    /* taken, of settings->jobs */
	unsigned n_sockets, sockets_max;
	time_t until; /* monotonic: no second session begins after it */
	struct event *next;
};

static time_t
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* ---- the end of a job */

static void
free_job(struct job *job)
{
	probe_free(job->probe);
	probe_free(job->kept);
	if (job->again != NULL)
		event_free(job->again);
	event_free(job->moment);
	free(job->domains);
	free(job);
}

static void
share_other(struct facts *facts, const struct job *job,
    struct facts_endpoint *ep)
{
	if (job->ep->other == NULL)
		return;
	ep->other = facts_alloc(facts, 1, sizeof(*ep->other));
	*ep->other = *job->ep->other;
	ep->other->name = FACTS_UNKNOWN;
	ep->other->tlsa_matches = probe_dane(job->probe, ep->host);
	if (probe_matches(job->probe, ep->host->name) == FACTS_YES)
		ep->other->name = FACTS_YES;
}

/* The other names of the address get the session; the certificate may be
 * another one under their name: a mismatch says nothing. */
static void
share(struct prober *prober, struct job *job)
{
	struct facts *facts = prober->how->facts;
	const struct probe *probe = job->kept != NULL ? job->kept :
	    job->probe;

	for (size_t i = 0; job->is_shared && i < facts->n_endpoints; i++) {
		struct facts_endpoint *ep = facts->endpoints[i];

		if (ep->shared != job->ep)
			continue;
		ep->probe = job->ep->probe;
		ep->first = job->ep->first;
		if (ep->probe.tls.name != FACTS_UNKNOWN &&
		    (probe == NULL || probe_matches(probe,
			ep->host->name) != FACTS_YES))
			ep->probe.tls.name = FACTS_UNKNOWN;
		ep->probe.tls.tlsa_matches = probe != NULL ?
		    probe_dane(probe, ep->host) : 0;
		share_other(facts, job, ep);
		prober->how->on_endpoint(prober->how->arg, ep);
	}
}

static void
finish(struct job *job)
{
	struct prober *prober = job->prober;

	share(prober, job);
	prober->how->on_endpoint(prober->how->arg, job->ep);
	TAILQ_REMOVE(&prober->open, job, entry);
	free_job(job);
	event_active(prober->next, 0, 0);
}

/* ---- the second session */

static bool
is_bad(const struct job *job)
{
	for (size_t i = 0; i < job->n_domains; i++)
		switch (outcome_of(job->ep, job->domains[i])) {
		case OUTCOME_OK:
		case OUTCOME_GREY:
		case OUTCOME_LIMITED:
		case OUTCOME_UNWELCOME:
		case OUTCOME_UNTRIED:
			break;
		default:
			return true;
		}
	return false;
}

static bool
is_limited(const struct job *job)
{
	for (size_t i = 0; i < job->n_domains; i++)
		if (outcome_of(job->ep, job->domains[i]) == OUTCOME_LIMITED)
			return true;
	return false;
}

static bool
is_rsa(const struct facts_tls *tls)
{
	return strncmp(tls->certs[0].key, "RSA", 3) == 0;
}

static bool
is_for_other(const struct job *job)
{
	return job->how.use_tls == PROBE_TLS_RSA ||
	    job->how.use_tls == PROBE_TLS_ECDSA;
}

/* Sets job->how for a second session. Returns s until it, or 0 for none. */
static unsigned
plan_second(struct job *job)
{
	const struct settings *s = job->prober->how->settings;
	enum outcome_tls tls = outcome_tls(job->ep);
	unsigned after = 0;

	if (tls == OUTCOME_TLS_FAIL || tls == OUTCOME_TLS_HANG) {
		job->how.use_tls = probe_is_old_peer(job->probe) ?
		    PROBE_TLS_OLD : PROBE_CLEAR;
		after = SECOND_S;
	} else if (s->recheck_s > 0 && is_bad(job)) {
		job->how.patient = facts_timed_out(&job->ep->probe);
		after = s->recheck_s > SECOND_S ? s->recheck_s : SECOND_S;
	} else if (s->dual_cert && job->ep->probe.tls.n_certs > 0 &&
	    !is_limited(job)) {
		job->how.use_tls = is_rsa(&job->ep->probe.tls) ?
		    PROBE_TLS_ECDSA : PROBE_TLS_RSA;
		after = SECOND_S;
	}
	return now_s() + (time_t)after < job->prober->until ? after : 0;
}

/* What the second session was for: how the server fares without TLS, or the
 * same again. Being limited is no answer to either. */
static void
join(struct job *job, struct facts *facts)
{
	struct facts_probe *probe = &job->ep->probe;
	bool failed_again = probe->step[FACTS_TLS].end != FACTS_END_DONE;

	if (is_limited(job) ||
	    (job->how.use_tls != PROBE_TLS &&
		probe->step[FACTS_EHLO].end != FACTS_END_DONE)) {
		*probe = job->first;
		return;
	}
	if (job->how.use_tls == PROBE_TLS) {
		job->ep->first = facts_alloc(facts, 1, sizeof(job->first));
		*job->ep->first = job->first;
	} else if (failed_again) {
		probe->step[FACTS_STARTTLS] = job->first.step[FACTS_STARTTLS];
		probe->step[FACTS_TLS] = job->first.step[FACTS_TLS];
		probe->tls = job->first.tls;
	}
}

/* A server with one kind of key breaks that handshake off: nothing is wrong. */
static void
join_other(struct job *job, struct facts *facts)
{
	struct facts_tls *tls = &job->ep->probe.tls;

	if (tls->n_certs > 0 || tls->why != NULL) {
		job->ep->other = facts_alloc(facts, 1, sizeof(*tls));
		*job->ep->other = *tls;
	}
	job->ep->probe = job->first;
}

static void start(struct job *job);

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;

	(void)fd, (void)what;
	memset(&job->ep->probe, 0, sizeof(job->ep->probe));
	start(job);
}

static void
leave_place(struct job *job)
{
	if (!job->has_place)
		return;
	job->has_place = false;
	job->prober->n_places--;
	event_active(job->prober->next, 0, 0);
}

static void
on_moment(evutil_socket_t fd, short what, void *arg)
{
	struct job *job = arg;

	(void)fd, (void)what;
	if (job->probe != NULL && probe_is_connecting(job->probe))
		leave_place(job);
}

static void
on_done(void *arg, struct probe *probe)
{
	struct job *job = arg;
	struct prober *prober = job->prober;
	struct timeval tv = {0};

	(void)probe;
	leave_place(job);
	prober->n_sockets--;
	if (job->again != NULL) {
		if (is_for_other(job))
			join_other(job, prober->how->facts);
		else
			join(job, prober->how->facts);
		finish(job);
		return;
	}
	tv.tv_sec = (time_t)plan_second(job);
	if (tv.tv_sec == 0) {
		finish(job);
		return;
	}
	job->first = job->ep->probe;
	if (is_for_other(job))
		job->kept = job->probe;
	else
		probe_free(job->probe);
	job->probe = NULL;
	job->again = event_new(prober->how->base, -1, 0, on_again, job);
	if (job->again == NULL || event_add(job->again, &tv) != 0)
		fatal("out of memory");
}

/* ---- the queue */

static void
on_trace(void *arg, const char *name, const char *addr, char way,
    const char *text)
{
	const struct job *job = arg;

	job->prober->how->trace(job->prober->how->arg, name, addr, way, text);
}

static void
start(struct job *job)
{
	const struct timeval moment = {.tv_usec = PLACE_MS * 1000};

	job->has_place = true;
	job->prober->n_places++;
	job->prober->n_sockets++;
	job->probe = probe_new(&job->how, job->ep);
	if (event_add(job->moment, &moment) != 0)
		fatal("out of memory");
}

static void
on_next(evutil_socket_t fd, short what, void *arg)
{
	struct prober *prober = arg;
	struct job *job;

	(void)fd, (void)what;
	while (prober->n_places < prober->how->settings->jobs &&
	    prober->n_sockets < prober->sockets_max &&
	    (job = TAILQ_FIRST(&prober->queued)) != NULL) {
		TAILQ_REMOVE(&prober->queued, job, entry);
		TAILQ_INSERT_TAIL(&prober->open, job, entry);
		start(job);
	}
	if (TAILQ_EMPTY(&prober->open) && TAILQ_EMPTY(&prober->queued))
		prober->how->done(prober->how->arg);
}

static struct job *
add_job(struct prober *prober, struct facts_endpoint *ep)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->prober = prober;
	job->ep = ep;
	job->how = (struct probe_how){
	    .base = prober->how->base,
	    .settings = prober->how->settings,
	    .tls = prober->how->tls,
	    .facts = prober->how->facts,
	    .patient = prober->how->settings->patient,
	    .done = on_done,
	    .trace = prober->how->trace != NULL ? on_trace : NULL,
	    .arg = job,
	};
	job->moment = event_new(job->how.base, -1, 0, on_moment, job);
	if (job->moment == NULL)
		fatal("out of memory");
	TAILQ_INSERT_TAIL(&prober->queued, job, entry);
	return job;
}

/* Jobs in the order of the endpoints; an address that has one shares it. */
static void
add_jobs(struct prober *prober, struct job **job_of)
{
	struct facts *facts = prober->how->facts;

	for (size_t i = 0; i < facts->n_endpoints; i++) {
		struct facts_endpoint *ep = facts->endpoints[i];

		if (ep->untried != NULL)
			continue;
		ep->shared = ep->addr->dialled;
		if (ep->shared != NULL) {
			job_of[i] = job_of[ep->shared->index];
			job_of[i]->is_shared = true;
			continue;
		}
		ep->addr->dialled = ep;
		job_of[i] = add_job(prober, ep);
	}
}

static void
add_domain(struct job *job, const struct facts_domain *domain)
{
	if (job->n_domains > 0 && job->domains[job->n_domains - 1] == domain)
		return; /* another name of the same address */
	job->domains = xreallocarray(job->domains, job->n_domains + 1,
	    sizeof(*job->domains));
	job->domains[job->n_domains++] = domain;
}

/* Of many domains on one address, others each hour. */
static void
rotate(struct job *job, const struct settings *s, int64_t at)
{
	size_t n = job->n_domains, first, k;
	const struct facts_domain **some;

	if (n > s->rcpt_domains) {
		first = (size_t)(at / 3600) % n;
		some = xcalloc(s->rcpt_domains, sizeof(*some));
		for (k = 0; k < s->rcpt_domains; k++)
			some[k] = job->domains[(first + k) % n];
		free(job->domains);
		job->domains = some;
		job->n_domains = s->rcpt_domains;
	}
	job->how.domains = job->domains;
	job->how.n_domains = job->n_domains;
}

static void
add_domain_to_host(const struct facts_host *host,
    const struct facts_domain *domain, struct job *const *job_of)
{
	struct job *job;

	for (size_t i = 0; host != NULL && i < host->n_endpoints; i++) {
		job = job_of[host->endpoints[i]->index];
		if (job != NULL)
			add_domain(job, domain);
	}
}

static void
add_domains(struct prober *prober, struct job *const *job_of)
{
	struct facts *facts = prober->how->facts;
	struct job *job;

	for (size_t i = 0; i < facts->n_domains; i++)
		for (size_t k = 0; k < facts->domains[i]->n_mxs; k++)
			add_domain_to_host(facts->domains[i]->mxs[k].host,
			    facts->domains[i], job_of);
	TAILQ_FOREACH(job, &prober->queued, entry)
		rotate(job, prober->how->settings, facts->at);
}

/* As many as the system gives. */
static unsigned
count_sockets(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur <= SOCKETS_SPARE)
		return 1;
	return limit.rlim_cur - SOCKETS_SPARE < 4096 ?
	    (unsigned)(limit.rlim_cur - SOCKETS_SPARE) : 4096;
}

struct prober *
prober_new(const struct prober_how *how)
{
	struct prober *prober = xcalloc(1, sizeof(*prober));
	struct job **job_of = xcalloc(how->facts->n_endpoints,
	    sizeof(*job_of));

	prober->how = how;
	TAILQ_INIT(&prober->queued);
	TAILQ_INIT(&prober->open);
	prober->sockets_max = count_sockets();
	prober->until = now_s() + (time_t)how->settings->deadline_s;
	prober->next = event_new(how->base, -1, 0, on_next, prober);
	if (prober->next == NULL)
		fatal("out of memory");
	add_jobs(prober, job_of);
	add_domains(prober, job_of);
	free(job_of);
	event_active(prober->next, 0, 0);
	return prober;
}

void
prober_stop(struct prober *prober)
{
	struct job *job;

	TAILQ_FOREACH(job, &prober->queued, entry)
		job->ep->probe.step[FACTS_CONNECT].end = FACTS_END_STOPPED;
	TAILQ_FOREACH(job, &prober->open, entry) {
		if (job->probe != NULL)
			probe_stop(job->probe);
		if (job->again != NULL) /* the first result stands */
			job->ep->probe = job->first;
		share(prober, job);
	}
}

void
prober_free(struct prober *prober)
{
	struct job *job;

	if (prober == NULL)
		return;
	while ((job = TAILQ_FIRST(&prober->queued)) != NULL) {
		TAILQ_REMOVE(&prober->queued, job, entry);
		free_job(job);
	}
	while ((job = TAILQ_FIRST(&prober->open)) != NULL) {
		TAILQ_REMOVE(&prober->open, job, entry);
		free_job(job);
	}
	event_free(prober->next);
	free(prober);
}
