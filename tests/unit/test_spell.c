/* lib/spell.c */
#include <string.h>

#include "lib/spell.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name;
	const char *in;
	const char *want; /* NULL: nothing is near */
} cases[] = {
    {"the same", "zone", "zone"},
    {"case", "ZONE", "zone"},
    {"one letter more", "zones", "zone"},
    {"one letter less", "zon", "zone"},
    {"one letter changed", "zome", "zone"},
    {"two letters swapped", "lisetn", "listen"},
    {"three changes", "lixxxn", NULL},
    {"two changes in a short name", "zoxx", "zone"},
    {"two changes in a very short name", "qbq", NULL},
    {"three changes in a short name", "xxxe", NULL},
    {"the nearest of two", "loca", "local"},
    {"the first of equally near ones", "zocal", "local"},
    {"empty", "", NULL},
    {"a name of 32 bytes", "abcdefghijklmnopqrstuvwxyz01234",
	"abcdefghijklmnopqrstuvwxyz012345"},
    {"a name of 33 bytes", "abcdefghijklmnopqrstuvwxyz0123456", NULL},
};

START_TEST(nearest)
{
	static const char *const right[] = {"listen", "local", "zone", "vocal",
	    "abc", "abcdefghijklmnopqrstuvwxyz012345"};
	struct spell spell = {.name = cases[_i].in};

	for (size_t i = 0; i < UNIT_COUNT(right); i++)
		spell_offer(&spell, right[i]);
	if (cases[_i].want == NULL)
		ck_assert_msg(
		    spell.near == NULL, "%s: %s", cases[_i].name, spell.near);
	else
		ck_assert_msg(spell.near != NULL &&
			strcmp(spell.near, cases[_i].want) == 0,
		    "%s: %s", cases[_i].name,
		    spell.near != NULL ? spell.near : "nothing");
}
END_TEST

UNIT_MAIN("spell", UNIT_EACH(nearest, cases))
