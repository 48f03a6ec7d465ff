/* For cppcheck, which reads no system header: the macros that it must know. */
#define noreturn _Noreturn
#define TAILQ_HEAD(name, type) struct name { struct type *first; }
#define TAILQ_ENTRY(type) struct { struct type *next; }
#define TAILQ_FIRST(head) ((head)->first)
#define TAILQ_FOREACH(var, head, field) \
	for ((var) = (head)->first; (var); (var) = (var)->field.next)
