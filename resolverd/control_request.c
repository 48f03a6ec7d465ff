/*
 * Taking a control line apart. A command is a row: what it takes.
 */
#include "resolverd/control_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/dns.h"
#include "lib/rr_txt.h"
#include "lib/why.h"

#define WORDS_MAX 6

enum need { NONE, OPTIONAL, REQUIRED };

static const struct command {
	const char *name;
	enum control_verb verb;
	enum need name_need, type_need;
	bool takes_below, takes_prometheus;
} commands[] = {
	{ "status", CONTROL_STATUS, NONE, NONE, false, false },
	{ "stats", CONTROL_STATS, NONE, NONE, false, true },
	{ "flush", CONTROL_FLUSH, REQUIRED, OPTIONAL, true, false },
	{ "dump", CONTROL_DUMP, OPTIONAL, NONE, true, false },
	{ "lookup", CONTROL_LOOKUP, REQUIRED, REQUIRED, false, false },
	{ "reload", CONTROL_RELOAD, NONE, NONE, false, false },
};

static const char *const formats[] = {
	[CONTROL_TEXT] = "text",
	[CONTROL_JSON] = "json",
	[CONTROL_PROMETHEUS] = "prometheus",
};

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

#define explain(why, ...) why_fail(why, CONTROL_WHY_MAX, -EINVAL, __VA_ARGS__)

/* Splits at single spaces; returns how many words, or -EINVAL. */
static int
split(char *line, char **words, char *why)
{
	int n = 0;

	for (char *word; (word = strsep(&line, " ")) != NULL;) {
		if (*word == '\0')
			return explain(why, "an empty word");
		if (n == WORDS_MAX)
			return explain(why, "too many words");
		words[n++] = word;
	}
	return n;
}

static int
read_format(struct control_request *out, const char *word, char *why)
{
	for (size_t i = 0; i < N_ELEMENTS(formats); i++) {
		if (strcmp(formats[i], word) == 0) {
			out->format = (enum control_format)i;
			return 0;
		}
	}
	return explain(why, "\"%s\": no such format", word);
}

static const struct command *
find_command(const char *word)
{
	for (size_t i = 0; i < N_ELEMENTS(commands); i++) {
		if (strcmp(commands[i].name, word) == 0)
			return &commands[i];
	}
	return NULL;
}

static int
read_name(struct control_request *out, const char *word, char *why)
{
	int len = dname_from_txt(out->name, word, strlen(word));

	if (len < 0)
		return explain(why, "\"%s\": no domain name", word);
	dname_lower(out->name, (size_t)len);
	out->has_name = true;
	return 0;
}

static int
read_type(struct control_request *out, const char *word, char *why)
{
	int type = rr_type_from_txt(word);

	/* RFC 6895 3.1: the others are no data, or a question's own */
	if (type <= 0 || type == DNS_TYPE_OPT ||
	    (type >= DNS_TYPE_META_FIRST && type < DNS_TYPE_ANY))
		return explain(why, "\"%s\": no type that can be asked for",
		    word);
	out->type = (uint16_t)type;
	out->has_type = true;
	return 0;
}

/* The words behind the command. */
static int
read_arguments(struct control_request *out, const struct command *c,
    char **words, int n, char *why)
{
	int i = 0, rc = 0;

	if (i < n && c->takes_below && strcmp(words[i], "--below") == 0) {
		out->below = true;
		i++;
	}
	if (i < n && c->name_need != NONE)
		rc = read_name(out, words[i++], why);
	if (rc == 0 && i < n && c->type_need != NONE && !out->below)
		rc = read_type(out, words[i++], why);
	if (rc != 0)
		return rc;
	if (i < n)
		return explain(why, "%s: \"%s\" is too much", c->name,
		    words[i]);
	if (!out->has_name && (c->name_need == REQUIRED || out->below))
		return explain(why, "%s: the name is missing", c->name);
	if (!out->has_type && c->type_need == REQUIRED)
		return explain(why, "%s: the type is missing", c->name);
	return 0;
}

int
control_request_parse(struct control_request *out, const char *line, size_t len,
    char *why)
{
	char copy[CONTROL_LINE_MAX], *words[WORDS_MAX];
	const struct command *c;
	int n;

	memset(out, 0, sizeof(*out));
	if (len >= sizeof(copy))
		return explain(why, "the line is too long");
	for (size_t i = 0; i < len; i++) {
		if (line[i] < 0x20 || line[i] > 0x7e)
			return explain(why, "a byte that is not ASCII text");
	}
	memcpy(copy, line, len);
	copy[len] = '\0';
	n = split(copy, words, why);
	if (n < 0)
		return n;
	if (n < 2)
		return explain(why, "no command");
	if (read_format(out, words[0], why) != 0)
		return -EINVAL;
	c = find_command(words[1]);
	if (c == NULL)
		return explain(why, "\"%s\": no such command", words[1]);
	if (out->format == CONTROL_PROMETHEUS && !c->takes_prometheus)
		return explain(why, "%s: not in this format", c->name);
	out->verb = c->verb;
	return read_arguments(out, c, words + 2, n - 2, why);
}
