/*
 * control_request.c: a line of the control socket; output.c: both forms of an
 * answer.
 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "resolverd/control_request.h"
#include "resolverd/output.h"

static const struct {
	const char *line;
	enum control_format format;
	enum control_verb verb;
	const char *name; /* NULL: none */
	uint16_t type;	  /* 0: none */
	bool below;
} good_cases[] = {
	{ "text status", CONTROL_TEXT, CONTROL_STATUS, NULL, 0, false },
	{ "prometheus stats", CONTROL_PROMETHEUS, CONTROL_STATS, NULL, 0,
	    false },
	{ "json flush A.Example", CONTROL_JSON, CONTROL_FLUSH,
	    "\1a\7example", 0, false },
	{ "text flush a mx", CONTROL_TEXT, CONTROL_FLUSH, "\1a", 15, false },
	{ "text flush --below .", CONTROL_TEXT, CONTROL_FLUSH, "", 0, true },
	{ "text dump", CONTROL_TEXT, CONTROL_DUMP, NULL, 0, false },
	{ "text dump --below a", CONTROL_TEXT, CONTROL_DUMP, "\1a", 0, true },
	{ "text lookup a\\046b TYPE1", CONTROL_TEXT, CONTROL_LOOKUP, "\3a.b",
	    1, false },
	{ "text reload", CONTROL_TEXT, CONTROL_RELOAD, NULL, 0, false },
};

START_TEST(test_good_lines)
{
	char why[CONTROL_WHY_MAX];
	struct control_request r;

	ck_assert_int_eq(control_request_parse(&r, good_cases[_i].line,
			     strlen(good_cases[_i].line), why),
	    0);
	ck_assert_int_eq(r.format, good_cases[_i].format);
	ck_assert_int_eq(r.verb, good_cases[_i].verb);
	ck_assert_int_eq(r.has_name, good_cases[_i].name != NULL);
	if (r.has_name)
		ck_assert_str_eq((char *)r.name, good_cases[_i].name);
	ck_assert_int_eq(r.has_type, good_cases[_i].type != 0);
	ck_assert_uint_eq(r.type, good_cases[_i].type);
	ck_assert_int_eq(r.below, good_cases[_i].below);
}
END_TEST

static const struct {
	const char *line, *why;
} bad_cases[] = {
	{ "", "empty word" },
	{ "text", "no command" },
	{ "text  status", "empty word" },
	{ " text status", "empty word" },
	{ "xml status", "\"xml\": no such format" },
	{ "text nothing", "\"nothing\": no such command" },
	{ "text status x", "status: \"x\" is too much" },
	{ "prometheus dump", "not in this format" },
	{ "text flush", "the name is missing" },
	{ "text flush --below", "the name is missing" },
	{ "text flush a..b", "no domain name" },
	{ "text flush --below a A", "\"A\" is too much" },
	{ "text lookup a", "the type is missing" },
	{ "text lookup a b", "no type" },
	{ "text lookup a AXFR", "no type" },
	{ "text lookup a TYPE252", "no type" },
	{ "text lookup a TYPE41", "no type" },
	{ "text lookup a TYPE0", "no type" },
	{ "text lookup a A x", "too much" },
	{ "text dump \x01", "not ASCII" },
	{ "text dump \xff", "not ASCII" },
	{ "a b c d e f g", "too many words" },
};

START_TEST(test_bad_lines)
{
	char why[CONTROL_WHY_MAX];
	struct control_request r;

	ck_assert_int_eq(control_request_parse(&r, bad_cases[_i].line,
			     strlen(bad_cases[_i].line), why),
	    -EINVAL);
	ck_assert_msg(strstr(why, bad_cases[_i].why) != NULL, "%s", why);
}
END_TEST

static void
put_everything(FILE *f, bool json)
{
	struct output o;

	output_begin(&o, f, json);
	output_text(&o, "text", "a \"b\" \\ %d \x01\xe9", 1);
	output_number(&o, "number", UINT64_MAX);
	output_flag(&o, "flag", true);
	output_list(&o, "empty");
	output_list_end(&o);
	output_list(&o, "items");
	for (unsigned i = 0; i < 2; i++) {
		output_item(&o);
		output_number(&o, "n", i);
		output_flag(&o, "flag", false);
		output_list(&o, "lines");
		for (unsigned j = 0; j < i; j++)
			output_line(&o, "line");
		output_list_end(&o);
		output_item_end(&o);
	}
	output_list_end(&o);
	output_end(&o);
}

static const struct {
	bool json;
	const char *want;
} output_cases[] = {
	{ false, "text: a \"b\" \\ 1 \x01\xe9\n"
		 "number: 18446744073709551615\n"
		 "flag: yes\n"
		 "empty:\n"
		 "items:\n"
		 "  n 0, flag no\n"
		 "  n 1, flag no\n"
		 "      line\n" },
	{ true, "{\"text\": \"a \\\"b\\\" \\\\ 1 \\u0001\\u00e9\", "
		"\"number\": 18446744073709551615, \"flag\": true, "
		"\"empty\": [\n], \"items\": [\n"
		"{\"n\": 0, \"flag\": false, \"lines\": [\n]},\n"
		"{\"n\": 1, \"flag\": false, \"lines\": [\n\"line\"\n]}\n"
		"]}\n" },
};

START_TEST(test_output)
{
	char *txt;
	size_t len;
	FILE *f = open_memstream(&txt, &len);

	put_everything(f, output_cases[_i].json);
	fclose(f);
	ck_assert_str_eq(txt, output_cases[_i].want);
	free(txt);
}
END_TEST

UNIT_MAIN("control", UNIT_EACH(test_good_lines, good_cases),
    UNIT_EACH(test_bad_lines, bad_cases), UNIT_EACH(test_output, output_cases))
