/* For cppcheck, which reads no system header: the macros that it must know. */
#define noreturn _Noreturn
#define SLIST_HEAD(name, type) struct name { struct type *first; }
#define LIST_HEAD(name, type) struct name { struct type *first; }
#define LIST_ENTRY(type) struct { struct type *next; }
#define SLIST_ENTRY(type) struct { struct type *next; }
#define LIST_FOREACH TAILQ_FOREACH
#define SLIST_FOREACH TAILQ_FOREACH
#define TAILQ_HEAD(name, type) struct name { struct type *first; }
#define TAILQ_ENTRY(type) struct { struct type *next; }
#define TAILQ_FIRST(head) ((head)->first)
#define TAILQ_FOREACH(var, head, field) \
	for ((var) = (head)->first; (var); (var) = (var)->field.next)
