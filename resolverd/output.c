/*
 * Both forms are written as the calls come; nothing is kept.
 */
#include "resolverd/output.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

/* RFC 8259 7; bytes beyond ASCII stand for themselves as code points. */
static void
put_string(FILE *f, const char *txt)
{
	fputc('"', f);
	for (; *txt != '\0'; txt++) {
		unsigned char c = (unsigned char)*txt;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void
down(struct output *o)
{
	o->depth++;
	assert(o->depth < OUTPUT_DEPTH);
	o->more[o->depth] = false;
}

/* Depth is 1 in the whole, 2 in a list, 3 in its items, and so on. */
static void
indent(struct output *o, unsigned depth)
{
	for (; depth > 1; depth--)
		fputc(' ', o->file);
}

static void
end_line(struct output *o)
{
	if (o->line_is_open)
		fputc('\n', o->file);
	o->line_is_open = false;
}

static void
put_key(struct output *o, const char *key)
{
	if (o->json) {
		fputs(o->more[o->depth] ? ", " : "", o->file);
		put_string(o->file, key);
		fputs(": ", o->file);
	} else if (o->depth == 1) {
		fprintf(o->file, "%s: ", key);
	} else {
		fprintf(o->file, "%s%s ", o->more[o->depth] ? ", " : "", key);
	}
	o->more[o->depth] = true;
}

static void
end_field(struct output *o)
{
	if (!o->json && o->depth == 1)
		fputc('\n', o->file);
}

void
output_begin(struct output *o, FILE *file, bool json)
{
	*o = (struct output){ .file = file, .json = json };
	down(o);
	if (json)
		fputc('{', file);
}

void
output_end(struct output *o)
{
	if (o->json)
		fputs("}\n", o->file);
}

void
output_text(struct output *o, const char *key, const char *fmt, ...)
{
	char *txt = NULL;
	va_list ap;

	put_key(o, key);
	va_start(ap, fmt);
	if (vasprintf(&txt, fmt, ap) == -1)
		txt = NULL;
	va_end(ap);
	if (o->json)
		put_string(o->file, txt != NULL ? txt : "");
	else
		fputs(txt != NULL ? txt : "", o->file);
	free(txt);
	end_field(o);
}

void
output_number(struct output *o, const char *key, uint64_t n)
{
	put_key(o, key);
	fprintf(o->file, "%" PRIu64, n);
	end_field(o);
}

void
output_flag(struct output *o, const char *key, bool flag)
{
	put_key(o, key);
	if (o->json)
		fputs(flag ? "true" : "false", o->file);
	else
		fputs(flag ? "yes" : "no", o->file);
	end_field(o);
}

void
output_list(struct output *o, const char *key)
{
	if (o->json) {
		put_key(o, key);
		fputc('[', o->file);
	} else if (o->depth == 1) {
		fprintf(o->file, "%s:\n", key);
	} else {
		end_line(o);
	}
	down(o);
}

void
output_list_end(struct output *o)
{
	if (o->json)
		fputs("\n]", o->file);
	o->depth--;
}

void
output_item(struct output *o)
{
	if (o->json)
		fputs(o->more[o->depth] ? ",\n{" : "\n{", o->file);
	else
		indent(o, 2 * o->depth - 1);
	o->more[o->depth] = true;
	o->line_is_open = true;
	down(o);
}

void
output_item_end(struct output *o)
{
	o->depth--;
	if (o->json)
		fputc('}', o->file);
	else
		end_line(o);
}

void
output_line(struct output *o, const char *txt)
{
	if (o->json) {
		fputs(o->more[o->depth] ? ",\n" : "\n", o->file);
		put_string(o->file, txt);
	} else {
		indent(o, 2 * o->depth - 1);
		fprintf(o->file, "%s\n", txt);
	}
	o->more[o->depth] = true;
}
