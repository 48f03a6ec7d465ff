/*
 * dnsblast: a lean UDP load client for DNS servers on loopback. All packets are
 * built before the first is sent, and sent and received in batches, so that one
 * core of it saturates any server on another core.
 *
 * Without a rate it keeps a window of queries outstanding. With a rate it sends
 * by the clock, whatever comes back; above SPIN_QPS it watches the clock, below
 * it sleeps. It prints one "name value" line per figure.
 *
 * It is limited in count, in time and to loopback.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "flight.h"

#define SPIN_QPS 20000
#define PAUSE_NS 15000 /* between two looks at idle sockets: with a window */
#define LOOK_NS 2000   /* and with a rate */
#define COUNT_LIMIT 1000000000ull
#define SECONDS_LIMIT 600

static struct flight flight = {.n_socks = 2};
static uint64_t idle_ns; /* CPU time spent on waiting */

static uint64_t
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Waits without touching a socket: a look costs the server's core, too. */
static void
pause_spin(uint64_t ns)
{
	uint64_t from = now_ns(), cpu_from = cpu_ns();

	while (now_ns() - from < ns)
		;
	idle_ns += cpu_ns() - cpu_from;
}

/* Waits for an answer, at most ns. */
static void
pause_sleep(uint64_t ns)
{
	struct pollfd fds[SOCKETS_MAX];
	struct timespec ts = {0, (long)min(ns, SWEEP_NS)};
	unsigned i;

	for (i = 0; i < flight.n_socks; i++)
		fds[i] = (struct pollfd){flight.socks[i], POLLIN, 0};
	ppoll(fds, flight.n_socks, &ts, NULL);
}

/*
 * Keeps the window full: refills a socket once half of its share is answered,
 * so that the server, too, can work in batches.
 */
static void
run_window(uint64_t count, uint64_t end_ns, unsigned window)
{
	unsigned share = window < flight.n_socks ? 1 : window / flight.n_socks;
	unsigned i, n;
	uint64_t now;

	while (flight.sent < count && (now = now_ns()) < end_ns) {
		for (i = 0, n = 0; i < flight.n_socks; i++) {
			n += flight_recv(&flight, i);
			if (flight.outstanding[i] <= share / 2)
				flight_send(&flight, i,
				    min(share - flight.outstanding[i],
					count - flight.sent));
		}
		if (n < share / 2)
			pause_spin(PAUSE_NS);
		flight_sweep(&flight, now);
	}
}

/* Sends each query at its time, or at once if that has passed. */
static void
run_rate(uint64_t count, uint64_t end_ns, unsigned qps)
{
	uint64_t start = now_ns(), now, due, next_ns;
	unsigned i;

	while (flight.sent < count && (now = now_ns()) < end_ns) {
		due = min(count, (now - start) * qps / 1000000000u + 1);
		next_ns = start + flight.sent * 1000000000u / qps;
		if (due > flight.sent)
			flight_send(&flight, due % flight.n_socks,
			    due - flight.sent);
		else if (qps < SPIN_QPS)
			pause_sleep(next_ns - now);
		else
			pause_spin(min(next_ns - now, LOOK_NS));
		for (i = 0; i < flight.n_socks; i++)
			flight_recv(&flight, i);
		flight_sweep(&flight, now);
	}
}

/* Takes what is still on its way; what does not come is lost. */
static void
run_drain(void)
{
	unsigned i, left = 1;

	while (left > 0) {
		for (i = 0, left = 0; i < flight.n_socks; i++) {
			flight_recv(&flight, i);
			left += flight.outstanding[i];
		}
		flight_sweep(&flight, now_ns());
		if (left > 0)
			pause_sleep(1000000);
	}
}

static void
report(double seconds, uint64_t client_ns, unsigned qps)
{
	const struct flight *f = &flight;
	uint64_t interval_ns = qps ? 1000000000u / qps : 0;
	double n = f->answered ? (double)f->answered : 1;
	int i;

	printf("sent %lu\nanswered %lu\nlost %lu\nlate %lu\nwrong %lu\n",
	    f->sent, f->answered, f->lost, f->late, f->wrong);
	printf("seconds %.4f\nqps %.0f\n", seconds, n / seconds);
	printf("latency_mean_us %.1f\nlatency_max_ms %.3f\n",
	    (double)f->latency_sum_ns / 1e3 / n,
	    (double)f->latency_max_ns / 1e6);
	printf("silence_ms %.3f\n",
	    (double)(f->gap_max_ns - min(f->gap_max_ns, interval_ns)) / 1e6);
	printf("client_us_per_query %.3f\n", (double)client_ns / 1e3 / n);
	printf("with_answer %lu\n", f->with_answer);
	for (i = 0; i < 16; i++)
		if (f->rcodes[i] > 0)
			printf("rcode%d %lu\n", i, f->rcodes[i]);
}

static unsigned
number(const char *txt, unsigned long low, unsigned long high)
{
	char *end;
	unsigned long v = strtoul(txt, &end, 10);

	if (*txt == '\0' || *end != '\0' || v < low || v > high)
		errx(2, "%s: want a number from %lu to %lu", txt, low, high);
	return (unsigned)v;
}

static void
usage(void)
{
	errx(2, "usage: dnsblast [-c sockets] [-n count] [-o first] [-r qps] "
		"[-t seconds] [-w window] address port questions");
}

int
main(int argc, char **argv)
{
	uint64_t count = COUNT_LIMIT, seconds = 10, start, client_ns;
	unsigned qps = 0, window = 96;
	double took;
	int c;

	while ((c = getopt(argc, argv, "c:n:o:r:t:w:")) != -1)
		if (c == 'c')
			flight.n_socks = number(optarg, 1, SOCKETS_MAX);
		else if (c == 'n')
			count = number(optarg, 1, COUNT_LIMIT);
		else if (c == 'o')
			flight.first = number(optarg, 0, COUNT_LIMIT);
		else if (c == 'r')
			qps = number(optarg, 1, 10000000);
		else if (c == 't')
			seconds = number(optarg, 1, SECONDS_LIMIT);
		else if (c == 'w')
			window = number(optarg, 1, 32768);
		else
			usage();
	if (argc - optind != 3)
		usage();
	questions_load(&flight.questions, argv[optind + 2]);
	flight_open(&flight, argv[optind], argv[optind + 1]);

	client_ns = cpu_ns();
	start = flight.last_answer_ns = now_ns();
	if (qps > 0)
		run_rate(count, start + seconds * 1000000000u, qps);
	else
		run_window(count, start + seconds * 1000000000u, window);
	took = (double)(now_ns() - start) / 1e9;
	run_drain();
	report(took, cpu_ns() - client_ns - idle_ns, qps);
	return 0;
}
