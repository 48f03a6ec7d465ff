/*
 * Changing crews. A reload loses no question: the new crew has the old one's
 * sockets, and only when all of it reads does the old one stop. Until then a
 * failure changes nothing.
 */
#include "resolverd/supervisor_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "lib/why.h"
#include "resolverd/notify.h"
#include "resolverd/prepare.h"

#define READY_S 10	/* for a new crew to take questions */
#define STOP_S 5	/* for the old one to take none */
#define LINGER_MS 200	/* TCP handshakes with those who are one too many */
#define RETIRED_MAX 4	/* crews; the oldest then ends faster */


#define explain(why, rc, ...) why_fail(why, SUPERVISOR_WHY_MAX, rc, __VA_ARGS__)

struct complaints {
	char *text; /* SUPERVISOR_WHY_MAX bytes */
	size_t len;
};

static void
on_complaint(void *arg, const char *path, unsigned line, const char *text)
{
	struct complaints *c = arg;
	size_t room = SUPERVISOR_WHY_MAX - c->len;
	char where[32] = "";
	int n;

	if (line > 0)
		snprintf(where, sizeof(where), ":%u", line);
	log_warn("%s%s: %s", path, where, text);
	n = snprintf(c->text + c->len, room, "%s%s%s: %s",
	    c->len > 0 ? "\n" : "", path, where, text);
	c->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* What the supervisor itself was started with. */
static int
check_same(const struct crew *old, const struct conf *conf,
    const struct identity *who, char *why)
{
	const char *what = NULL;

	if (strcmp(conf->state_dir, old->conf->state_dir) != 0)
		what = "state-dir";
	else if (who->uid != old->who.uid || who->gid != old->who.gid)
		what = "user";
	else if (strcmp(conf->control_socket, old->conf->control_socket) != 0)
		what = "control-socket";
	if (what == NULL)
		return 0;
	return explain(why, -EINVAL,
	    "%s: `%s` has changed: that needs a restart of the daemon",
	    conf->path, what);
}

/* Sockets that nobody reads yet must get nothing yet. */
static int
open_sockets(struct all_sockets *out, struct crew *old, const struct conf *conf,
    char *why)
{
	if (conf->workers != old->n || old->sockets.steered) {
		int rc = sockets_steer(&old->sockets, old->n);

		if (rc != 0)
			return explain(why, rc, "listen: %s: `workers` cannot "
			    "be changed without a restart", strerror(-rc));
	}
	return sockets_open(out, conf, &old->sockets, why);
}

/* The crew of a configuration, whose workers are still to be started. */
static int
new_crew(struct supervisor *s, struct conf *conf, char *why)
{
	struct all_sockets sockets;
	struct identity who;
	int rc;

	rc = prepare_identity(&who, conf, why);
	if (rc == 0)
		rc = check_same(s->crew, conf, &who, why);
	if (rc == 0)
		rc = prepare_conf(conf, &who, why);
	if (rc == 0)
		rc = open_sockets(&sockets, s->crew, conf, why);
	if (rc == 0)
		s->next = crew_new(conf, &who, sockets);
	return rc;
}

/* No longer one that serves or is to serve; freed when its workers are gone. */
static void
retire(struct supervisor *s, struct crew *c, int signo)
{
	struct crew *r;
	unsigned n = 0;

	c->retired = true;
	sockets_close_all(&c->sockets);
	TAILQ_INSERT_TAIL(&s->retired, c, entry);
	crew_signal(c, signo);
	TAILQ_FOREACH(r, &s->retired, entry)
		n++;
	if (n > RETIRED_MAX)
		crew_signal(TAILQ_FIRST(&s->retired), SIGTERM);
}

static bool
never(const struct crew *c)
{
	(void)c;
	return false;
}

/* From the crew that serves to the next one, once that takes questions. */
static int
change_crews(struct supervisor *s, char *why)
{
	struct crew *old = s->crew, *next = s->next;
	int rc;

	(void)crew_start_due(next, &s->how);
	(void)supervisor_wait_for(s, crew_is_settled, next, READY_S * 1000);
	if (!crew_is_ready(next))
		return explain(why, -EIO, "%s",
		    s->end ? "the daemon ends" :
			     "a new worker does not start; the log has more");
	if (next->n != old->n || next->sockets.steered) {
		rc = sockets_steer(&next->sockets, next->n);
		if (rc != 0)
			return explain(why, rc, "listen: %s", strerror(-rc));
	}
	if (next->n < old->n)
		(void)supervisor_wait_for(s, never, old, LINGER_MS);
	s->crew = next;
	s->next = NULL;
	retire(s, old, SIGUSR1);
	if (!supervisor_wait_for(s, crew_is_stopped, old, STOP_S * 1000))
		crew_signal(old, SIGTERM);
	return 0;
}

/* Serves with new workers, by conf, which stays the caller's on failure. */
static int
replace_crew(struct supervisor *s, struct conf *conf, char *why)
{
	int rc;

	rc = new_crew(s, conf, why);
	if (rc == 0)
		rc = change_crews(s, why);
	if (rc != 0 && s->next != NULL) {
		s->next->conf = NULL;
		retire(s, s->next, SIGTERM);
		s->next = NULL;
	}
	return rc;
}

int
supervisor_reload(struct supervisor *s, char *why)
{
	struct complaints complaints = { .text = why };
	struct conf *conf;
	int rc;

	why[0] = '\0';
	notify_reloading();
	rc = prepare_read(&conf, s->conf_path, on_complaint, &complaints);
	if (rc == 0) {
		rc = replace_crew(s, conf, why);
		if (rc != 0) {
			log_warn("%s", why);
			conf_free(conf);
		}
	}
	if (rc == 0) {
		s->reloaded = (int64_t)time(NULL);
		log_info("reloaded: serves by %s", s->conf_path);
	} else {
		log_warn("not reloaded: serves on as before");
	}
	notify_ready();
	return rc;
}

void
supervisor_renew_certificate(struct supervisor *s)
{
	char why[SUPERVISOR_WHY_MAX];

	/* workers have the context of the supervisor that forked them */
	if (prepare_tls(s->crew->conf, why) != 0)
		log_warn("%s; the certificate of before goes on", why);
	else if (supervisor_new_workers(s, why) == 0)
		log_info("serves by the certificate that was renewed");
}

int
supervisor_new_workers(struct supervisor *s, char *why)
{
	struct crew *old = s->crew;
	int rc = replace_crew(s, old->conf, why);

	if (rc == 0)
		old->conf = NULL; /* the new crew's now */
	else
		log_warn("%s", why);
	return rc;
}
