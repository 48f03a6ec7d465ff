/*
 * Builds the load client's packets. It shares no code with the servers under
 * test, so that a fault of theirs cannot hide here.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "questions.h"

#define PACKET_MAX (HEADER_LEN + 255 + 4 + 1)

/* Returns the type's number, 0 if it is not known here. */
static uint8_t
type_number(const char *name)
{
	static const struct {
		const char *name;
		uint8_t number;
	} types[] = {{"A", 1}, {"NS", 2}, {"SOA", 6}, {"PTR", 12}, {"MX", 15},
	    {"TXT", 16}, {"AAAA", 28}, {"ANY", 255}};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(name, types[i].name) == 0)
			return types[i].number;
	return 0;
}

/* Writes "a.b.c" in wire form; returns its length, 0 if it is no name. */
static size_t
name_write(uint8_t *out, char *name)
{
	size_t len = 0, label_len;
	char *save, *label;

	if (strlen(name) > 253)
		return 0;
	for (label = strtok_r(name, ".", &save); label;
	    label = strtok_r(NULL, ".", &save)) {
		label_len = strlen(label);
		if (label_len > 63)
			return 0;
		out[len++] = (uint8_t)label_len;
		memcpy(out + len, label, label_len);
		len += label_len;
	}
	out[len++] = 0;
	return len;
}

/* Returns the packet's length, 0 if the line is no "name type". */
static size_t
packet_build(uint8_t *out, char *line)
{
	char *save, *name = strtok_r(line, " \t\n", &save);
	char *type = strtok_r(NULL, " \t\n", &save);
	uint8_t number = type ? type_number(type) : 0;
	size_t len = number ? name_write(out + HEADER_LEN, name) : 0;

	if (len == 0)
		return 0;
	memset(out, 0, HEADER_LEN);
	out[2] = 1; /* RD */
	out[5] = 1; /* QDCOUNT */
	len += HEADER_LEN;
	memcpy(out + len, (uint8_t[]){0, number, 0, 1}, 4); /* class IN */
	return len + 4;
}

/* Packets of one length that wait until they are GROUP. */
struct run {
	uint8_t *data;
	size_t n;
};

static void
run_flush(struct questions *q, struct run *run, size_t len)
{
	size_t i;

	for (i = 0; i < run->n; i++, q->n++) {
		run->data[i * len] = (uint8_t)(q->n >> 8);
		run->data[i * len + 1] = (uint8_t)q->n;
		q->packets[q->n] = (struct packet){run->data + i * len, len};
	}
	*run = (struct run){NULL, 0};
}

static void
packet_add(struct questions *q, struct run *runs, const uint8_t *p, size_t len)
{
	struct run *run = &runs[len];

	if (run->n == 0 && !(run->data = malloc(GROUP * len)))
		err(1, "malloc");
	memcpy(run->data + run->n++ * len, p, len);
	if (run->n == GROUP)
		run_flush(q, run, len);
}

void
questions_load(struct questions *q, const char *path)
{
	static struct run runs[PACKET_MAX];
	FILE *f = fopen(path, "r");
	uint8_t buf[PACKET_MAX];
	char *line = NULL;
	size_t line_cap = 0, lines = 0, cap = 0, len;

	*q = (struct questions){NULL, 0};
	if (!f)
		err(1, "%s", path);
	while (getline(&line, &line_cap, f) > 0) {
		if (lines++ == cap)
			q->packets = reallocarray(q->packets,
			    cap = 2 * cap + 1024, sizeof(*q->packets));
		if (!q->packets)
			err(1, "%s", path);
		len = packet_build(buf, line);
		if (len == 0)
			errx(1, "%s:%zu: not \"name type\"", path, lines);
		packet_add(q, runs, buf, len);
	}
	free(line);
	fclose(f);
	if (lines == 0)
		errx(1, "%s: no question", path);
	for (len = 0; len < PACKET_MAX; len++)
		run_flush(q, &runs[len], len);
}
