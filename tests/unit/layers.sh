#!/bin/sh
# The rules of the folders: who may include whom, and one file for each
# third-party API. Prints TAP.
cd "${SRCDIR:-.}" || exit 1

n=0
failed=0

# check NAME LINES: passes if LINES is empty
check() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
		failed=1
	fi
}

# includes FOLDER PATTERN: the #include lines in FOLDER that match
includes() {
	grep -rnE --include='*.[ch]' \
	    "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$2" "$1"
}

# only_in FILE HEADER: where HEADER is included by others, or not by FILE
only_in() {
	includes . "$2" | grep -v "^\./$1:"
	includes . "$2" | grep -q "^\./$1:" || echo "$1 does not include $2"
}

check "lmdb.h is for lib/store_lmdb.h" "$(only_in lib/store_lmdb.h 'lmdb\.h')"
check "store_lmdb.h is for lib/store*.c" \
    "$(includes . 'lib/store_lmdb\.h' | grep -v '^\./lib/store[a-z_]*\.c:')"
check "unbound-event.h is for resolverd/upstream_context.c" \
    "$(only_in resolverd/upstream_context.c 'unbound-event\.h')"
check "unbound.h is for it and resolverd/upstream_settings.c" \
    "$(includes . 'unbound\.h' |
	grep -v '^\./resolverd/upstream_\(context\|settings\)\.c:')"
check "ldns is for zones/zonefile.c" \
    "$(for dir in lib zones resolverd tools; do includes $dir 'ldns/'; done |
	grep -v '^zones/zonefile\.c:')"
for row in zlib.h:zones/source_gzip.c zstd.h:zones/source_zstd.c; do
	check "${row%:*} is for ${row#*:}" \
	    "$(for dir in lib zones resolverd tools; do
		includes $dir "${row%:*}"
	done | grep -v "^${row#*:}:")"
done
check "OpenSSL is for tools/mxcheck/tls.c and resolverd/tls.c" \
    "$(for dir in lib zones resolverd tools; do includes $dir 'openssl/'; done |
	grep -v '^\(tools/mxcheck\|resolverd\)/tls\.c:')"
check "libcurl is for tools/mxcheck/fetch.c" \
    "$(only_in tools/mxcheck/fetch.c 'curl/curl\.h')"
check "idn2.h is for tools/mxcheck/domain.c" \
    "$(only_in tools/mxcheck/domain.c 'idn2\.h')"
check "confuse.h is for lib/conf.c and tools/mxcheck/mxconf.c" \
    "$(includes . 'confuse\.h' |
	grep -v '^\./\(lib/conf\|tools/mxcheck/mxconf\)\.c:')"
check "lib/ stands on nothing of ours" \
    "$(includes lib '(\.\./)*(zones|resolverd|tools|tests)/')"
check "zones/ stands on lib/ only" \
    "$(includes zones '(\.\./)*(resolverd|tools|tests)/')"
check "resolverd/ includes nothing of tools/" \
    "$(includes resolverd '(\.\./)*(tools|tests)/')"
check "tools/ includes nothing of resolverd/" \
    "$(includes tools '(\.\./)*(resolverd|tests)/')"
# a bare name would get around the checks above
check "our own headers are named from the top" \
    "$(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' \
	lib zones resolverd tools |
	grep -vE 'include[[:space:]]*"((lib|zones|resolverd|tools)/|config\.h")')"
check "every type of dataset has a row in tests/fuzz/fuzz_dataset.c" \
    "$(sed -n 's/^    \.name = \("[^"]*\)".*/\1/p' zones/ds_*.c |
	while read -r type; do
		grep -q "$type[\"(]" tests/fuzz/fuzz_dataset.c || echo "$type"
	done)"
echo "1..$n"
exit $failed
