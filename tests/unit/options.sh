#!/bin/sh
# Every option of the table in lib/conf_rows.c stands in resolverd.conf(5) and
# in conf/resolverd.conf, with the same unit, range and default, and no other.
set -u
man=${OPTIONS_MAN:-$SRCDIR/doc/resolverd.conf.5}
conf=${OPTIONS_CONF:-$SRCDIR/conf/resolverd.conf}
options=$BUILDDIR/tests/unit/options
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

n=0
check() { # what, then a command; its output explains a failure
	what=$1
	shift
	n=$((n + 1))
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/# /' "$dir/out"
	fi
}

# section|name|unit|range|default, as options.c prints it
from_man() {
	awk '
	function out() {
		if (name != "")
			print section "|" name "|" unit "|" range "|" def
		name = unit = range = def = ""
	}
	function text() {
		sub(/^[A-Z][a-z]*: /, "")
		if ($0 !~ /[.][.][.]$/)
			sub(/[.]$/, "")
		return $0
	}
	/^[.]S[hs]/ { out(); section = $2 == "Section" ? $3 : "" }
	/^[.]It Ic / { out(); name = $3 }
	/^Form: / { unit = text() }
	/^Range: / { range = text() }
	/^Default: / { def = text() }
	END { out() }' "$1"
}

# section|name|default from the lines behind a # without a space
from_conf() {
	awk '
	/^#[a-z].*[{]$/ { section = outer = substr($1, 2) }
	/^#\t[a-z]+ [{]$/ { section = $2 }
	/^#\t[}]/ { section = outer }
	/^#[}]/ { section = "" }
	/^#\t*[a-z0-9-]+ = / {
		sub(/^#\t*/, "")
		name = $1
		def = $0
		sub(/^[^=]*= /, "", def)
		gsub(/[{}"]/, "", def)
		gsub(/^ +| +$/, "", def)
		print section "|" name "|" def
	}' "$1"
}

# the paragraph of the file that has the option, comments and all
block_of() {
	awk -v RS= -v name="$1" '$0 ~ "\n#\t*" name " = " { print }' "$conf"
}

uncomment() {
	sed 's/^#\([^ ]\)/\1/' "$conf" >"$dir/uncommented.conf"
	"$options" "$dir/uncommented.conf"
}

"$options" >"$dir/table" || exit 99
from_man "$man" >"$dir/man"
from_conf "$conf" >"$dir/conf"
echo "1..$((3 * $(wc -l <"$dir/table") + 5))"

has() {
	grep -qxF -- "$1" "$2" || {
		echo "wanted: $1"
		echo "nearest: $(grep -F "$(echo "$1" | cut -d'|' -f1,2)|" "$2")"
		return 1
	}
}

names_its_unit() {
	block_of "$1" | tr '\n' ' ' | sed 's/ # / /g' >"$dir/block"
	grep -qF -- "($2" "$dir/block" || {
		echo "no \"($2\" in: $(cat "$dir/block")"
		return 1
	}
}

while IFS='|' read -r section name unit range default; do
	option="$section $name"
	check "$option in the man page" \
	    has "$section|$name|$unit|$range|$default" "$dir/man"
	if [ "$default" = none ]; then # then the sample has an example
		cut -d'|' -f1,2 "$dir/conf" >"$dir/names"
		check "$option in the sample" has "$section|$name" "$dir/names"
	else
		check "$option in the sample" \
		    has "$section|$name|$default" "$dir/conf"
	fi
	check "$option with its unit in the sample" \
	    names_its_unit "$name" "$unit"
done <"$dir/table"

same_count() {
	[ "$(wc -l <"$1")" -eq "$(wc -l <"$dir/table")" ] || {
		cut -d'|' -f1,2 "$1"
		return 1
	}
}
check "no other option in the man page" same_count "$dir/man"
check "no other option in the sample" same_count "$dir/conf"
check "the sample is read as it stands" "$options" "$conf"
check "the sample is read with all options in force" uncomment
check "the sample to try out is read" \
    "$options" "$SRCDIR/conf/sample/resolverd.conf"
