/*
 * The rules of the gate, for zones/gate*.c alone: each writes the reason, with
 * its figures, if it does not pass.
 */
#ifndef ZONES_GATE_IMPL_H
#define ZONES_GATE_IMPL_H

#include "lib/why.h"
#include "zones/gate.h"

#define refuse(why, ...) (why_fail(why, GATE_WHY_MAX, 0, __VA_ARGS__) != 0)

typedef bool gate_rule_fn(const struct gate_case *c, char why[GATE_WHY_MAX]);

gate_rule_fn gate_rfc5782, gate_must_list, gate_must_not_list, gate_protect;

#endif
