/*
 * Members of JSON objects, for who names them once for both ways.
 */
#include "tools/mxcheck/visit.h"

#include <string.h>

void
visit_spoil(struct visit *r, const char *member)
{
	if (r->bad == NULL)
		r->bad = member;
}

int64_t
visit_number(struct visit *r, const char *member, int64_t value, int64_t least,
    int64_t most)
{
	json_t *j;

	if (!r->reads) {
		if (value != 0)
			json_object_set_new(r->object, member,
			    json_integer(value));
		return value;
	}
	j = json_object_get(r->object, member);
	if (j == NULL)
		return 0;
	if (!json_is_integer(j) || json_integer_value(j) < least ||
	    json_integer_value(j) > most) {
		visit_spoil(r, member);
		return 0;
	}
	return json_integer_value(j);
}

void
visit_flag(struct visit *r, const char *member, bool *value)
{
	json_t *j;

	if (!r->reads) {
		if (*value)
			json_object_set_new(r->object, member, json_true());
		return;
	}
	j = json_object_get(r->object, member);
	*value = json_is_true(j);
	if (j != NULL && !json_is_boolean(j))
		visit_spoil(r, member);
}

/* Facts are printable ASCII, and are to stay so. */
bool
visit_is_plain(json_t *j)
{
	const char *s = json_string_value(j);

	if (s == NULL || strlen(s) != json_string_length(j))
		return false;
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

void
visit_text(struct visit *r, const char *member, const char **value)
{
	json_t *j;

	if (!r->reads) {
		if (*value != NULL)
			json_object_set_new(r->object, member,
			    json_string(*value));
		return;
	}
	j = json_object_get(r->object, member);
	*value = NULL;
	if (j == NULL)
		return;
	if (visit_is_plain(j))
		*value = facts_str(r->facts, json_string_value(j));
	else
		visit_spoil(r, member);
}

/* A text that is never NULL where there is anything to say. */
void
visit_word(struct visit *r, const char *member, const char **value)
{
	visit_text(r, member, value);
	if (r->reads && *value == NULL)
		*value = "";
}

/* A value of an enum, by its name. */
unsigned
visit_enum(struct visit *r, const char *member, unsigned value, unsigned n,
    const char *(*txt)(unsigned))
{
	const char *name = value != 0 ? txt(value) : NULL;

	visit_text(r, member, &name);
	if (!r->reads || name == NULL)
		return r->reads ? 0 : value;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(txt(i), name) == 0)
			return i;
	visit_spoil(r, member);
	return 0;
}

bool
visit_enter(struct visit *r, const char *member, struct visit *sub)
{
	*sub = *r;
	sub->object = r->reads ? json_object_get(r->object, member) :
	    json_object();
	if (sub->object != NULL && !json_is_object(sub->object)) {
		visit_spoil(r, member);
		return false;
	}
	return sub->object != NULL;
}

void
visit_leave(struct visit *r, const char *member, const struct visit *sub)
{
	if (r->reads)
		r->bad = sub->bad;
	else if (json_object_size(sub->object) > 0)
		json_object_set_new(r->object, member, sub->object);
	else
		json_decref(sub->object);
}

/* How many items a list has; *array is borrowed, or new in the object. */
size_t
visit_list(struct visit *r, const char *member, size_t n, size_t most,
    json_t **array)
{
	if (!r->reads) {
		*array = json_array();
		if (n > 0)
			json_object_set_new(r->object, member, *array);
		else
			json_decref(*array);
		return n;
	}
	*array = json_object_get(r->object, member);
	if (*array == NULL)
		return 0;
	if (!json_is_array(*array) || json_array_size(*array) > most) {
		visit_spoil(r, member);
		return 0;
	}
	return json_array_size(*array);
}

void
visit_texts(struct visit *r, const char *member, const char ***list, size_t *n,
    size_t most)
{
	json_t *array, *j;

	*n = visit_list(r, member, *n, most, &array);
	if (r->reads && *n > 0)
		*list = facts_alloc(r->facts, *n, sizeof(**list));
	for (size_t i = 0; i < *n; i++) {
		if (!r->reads) {
			json_array_append_new(array, json_string((*list)[i]));
			continue;
		}
		j = json_array_get(array, i);
		(*list)[i] = visit_is_plain(j) ?
		    facts_str(r->facts, json_string_value(j)) : "";
		if (!visit_is_plain(j))
			visit_spoil(r, member);
	}
}

/* An item of a list that is an object. */
bool
visit_item(struct visit *r, const char *member, json_t *array, size_t i,
    struct visit *sub)
{
	*sub = *r;
	sub->object = r->reads ? json_array_get(array, i) : json_object();
	if (!r->reads)
		json_array_append_new(array, sub->object);
	if (!json_is_object(sub->object)) {
		visit_spoil(r, member);
		return false;
	}
	return true;
}
