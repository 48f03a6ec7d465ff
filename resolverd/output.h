/*
 * What a control command prints, in one of two forms from the same calls:
 *
 *	version: 0.1.0			{"version": "0.1.0",
 *	workers:			 "workers": [
 *	  number 0, pid 17		  {"number": 0, "pid": 17}
 *					 ]}
 */
#ifndef RESOLVERD_OUTPUT_H
#define RESOLVERD_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OUTPUT_DEPTH 6

struct output {
	bool json;
	/* members private */
	FILE *file;
	unsigned depth;
	bool more[OUTPUT_DEPTH]; /* something stands there already */
	bool line_is_open;
};

void output_begin(struct output *o, FILE *file, bool json);
void output_end(struct output *o);

/* Fields of the whole, or of an item. */
void output_text(struct output *o, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void output_number(struct output *o, const char *key, uint64_t n);
void output_flag(struct output *o, const char *key, bool flag);

/* A list of items, which have fields, or of lines. */
void output_list(struct output *o, const char *key);
void output_list_end(struct output *o);
void output_item(struct output *o);
void output_item_end(struct output *o);
void output_line(struct output *o, const char *txt);

#endif
