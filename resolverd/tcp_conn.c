/*
 * A connection: messages in, answers out, in the order in which they come. It
 * is freed when it is closed and nothing holds it any more: a question that
 * waits for upstream holds its connection.
 */
#include "resolverd/tcp_conn.h"

#include <assert.h>
#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "lib/bytes.h"
#include "lib/clock.h"
#include "resolverd/counters.h"
#include "resolverd/query.h"
#include "resolverd/tcp_count.h"

static size_t
unsent(const struct tcp_conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

static void
on_output(
    struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct tcp_conn *c = arg;

	(void)buffer;
	c->server->unsent += info->n_added;
	c->server->unsent -= info->n_deleted;
}

static void
leave_queue(struct tcp_conn *c)
{
	TAILQ_REMOVE(&c->server->conns[c->state], c, entry);
}

static void
join_queue(struct tcp_conn *c, enum tcp_state state)
{
	c->state = state;
	c->since_s = clock_boot_s();
	TAILQ_INSERT_TAIL(&c->server->conns[state], c, entry);
}

static void
free_if_done(struct tcp_conn *c)
{
	if (c->bev == NULL && c->held == 0)
		free(c);
}

/* Without a look at what holds it. */
static void
end(struct tcp_conn *c)
{
	struct tcp_server *s = c->server;

	if (c->bev == NULL)
		return;
	leave_queue(c);
	counter_set(COUNTER_TCP_CONNECTIONS, --s->n_conns);
	tcp_count_leave(&c->client.addr);
	s->unsent -= unsent(c);
	evbuffer_remove_cb(bufferevent_get_output(c->bev), on_output, c);
	if (c->stream->say_end != NULL)
		c->stream->say_end(c->bev);
	bufferevent_free(c->bev);
	c->bev = NULL;
}

void
tcp_conn_close(struct tcp_conn *c)
{
	end(c);
	free_if_done(c);
}

/* After anything that may change its state. asked: it has sent a question. */
static void
settle(struct tcp_conn *c, bool asked)
{
	enum tcp_state state;

	if (c->bev != NULL && c->eof && c->held == 0 && unsent(c) == 0)
		end(c); /* it has closed its side, and has all its answers */
	if (c->bev == NULL) {
		free_if_done(c);
		return;
	}
	state = c->held > 0   ? TCP_WAITING
	    : unsent(c) > 0 ? TCP_UNREAD
			    : TCP_IDLE;
	if (state != c->state || asked) {
		leave_queue(c);
		join_queue(c, state);
	}
}

/* May it have more to read? The answers of its questions under way, yes. */
static bool
has_room(const struct tcp_conn *c)
{
	return c->server->unsent <= TCP_OUTPUT_ALL_MAX ||
	    unsent(c) <= TCP_OUTPUT_MAX;
}

static void
put(struct tcp_conn *c, const uint8_t *msg, size_t len)
{
	uint8_t prefix[2];

	put_be16(prefix, (uint16_t)len);
	/* one write: TLS makes one record of it */
	if (!has_room(c) ||
	    evbuffer_expand(bufferevent_get_output(c->bev),
		sizeof(prefix) + len) == -1 ||
	    bufferevent_write(c->bev, prefix, sizeof(prefix)) == -1 ||
	    bufferevent_write(c->bev, msg, len) == -1) {
		counter_inc(COUNTER_TCP_ENDED);
		end(c);
	}
}

/* ---- answers that come later: they hold their connection, closed or not */

static void *
tcp_keep(const struct client *client)
{
	struct tcp_conn *c = client->endpoint;

	c->held++;
	return c;
}

static void
tcp_answer(void *kept, const uint8_t *msg, size_t len)
{
	struct tcp_conn *c = kept;

	if (c->bev != NULL && len > 0)
		put(c, msg, len);
	/* what waited for room can go on, from the loop */
	if (c->bev != NULL && c->held == TCP_PENDING_MAX)
		bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	assert(c->held > 0);
	c->held--;
	settle(c, false);
}

const struct transport *
tcp_conn_transport(const struct tcp_stream *stream)
{
	static const struct transport plain = {
		.keep = tcp_keep,
		.answer = tcp_answer,
	};
	static const struct transport encrypted = {
		.is_encrypted = true,
		.keep = tcp_keep,
		.answer = tcp_answer,
	};

	return stream->is_encrypted ? &encrypted : &plain;
}

/* ---- the loop */

/*
 * Takes one whole message out of the input. Returns its length; 0 if there is
 * none yet, or the connection was ended for it.
 */
static size_t
take_message(struct tcp_conn *c, uint8_t *packet)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	uint8_t prefix[2];
	size_t len;

	if (evbuffer_copyout(in, prefix, 2) != 2)
		return 0;
	len = get_be16(prefix);
	if (evbuffer_get_length(in) < 2 + len)
		return 0;
	evbuffer_drain(in, 2);
	evbuffer_remove(in, packet, len);
	if (len < DNS_HEADER_LEN) { /* out of step for good */
		end(c);
		return 0;
	}
	return len;
}

/*
 * Answers messages while there is room for it. The caller holds the connection,
 * which may be closed behind it. Returns whether there was any.
 */
static bool
read_messages(struct tcp_conn *c)
{
	static uint8_t packet[DNS_MESSAGE_MAX], reply[DNS_MESSAGE_MAX];
	struct handler *h = c->server->h;
	struct handling g;
	bool any = false;
	size_t len;

	while (c->bev != NULL && c->held <= TCP_PENDING_MAX &&
	    unsent(c) < TCP_OUTPUT_MAX &&
	    (len = take_message(c, packet)) > 0) {
		any = true;
		handle_begin(h, &g, &c->client, packet, len, reply,
		    sizeof(reply));
		len = handle_end(h, &g, &c->client);
		if (len > 0 && c->bev != NULL)
			put(c, reply, len);
	}
	handle_batch_done(h);
	return any;
}

static void
on_io(struct bufferevent *bev, void *arg)
{
	struct tcp_conn *c = arg;
	bool any;

	(void)bev;
	c->held++;
	any = read_messages(c);
	c->held--;
	settle(c, any);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct tcp_conn *c = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) /* of TLS: the handshake is done */
		return;
	if (what & BEV_EVENT_EOF) {
		/* half-closed: the answers are still wanted */
		c->eof = true;
		settle(c, false);
		return;
	}
	tcp_conn_close(c);
}

struct tcp_conn *
tcp_conn_new(struct tcp_server *s, struct bufferevent *bev,
    const struct tcp_stream *stream, const struct client *client)
{
	struct tcp_conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	if (evbuffer_add_cb(bufferevent_get_output(bev), on_output, c) ==
	    NULL) {
		free(c);
		return NULL;
	}
	c->server = s;
	c->stream = stream;
	c->bev = bev;
	c->client = *client;
	c->client.endpoint = c;
	join_queue(c, TCP_IDLE);
	counter_set(COUNTER_TCP_CONNECTIONS, ++s->n_conns);
	/* the largest message with its prefix is all that may pile up */
	bufferevent_setwatermark(bev, EV_READ, 0, 2 + DNS_MESSAGE_MAX);
	bufferevent_setcb(bev, on_io, on_io, on_event, c);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	return c;
}
