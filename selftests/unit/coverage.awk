# SPDX-License-Identifier: GPL-2.0-only
#
# Tell how much of each file is covered, as TAP, from what gcov -n says. Variables:
# "files", without ".c", and "least", the percentage that is enough.

BEGIN {
	n = split(files, names, " ")
	print "TAP version 13"
	print "1.." n
}

/^File / {
	file = $2
	gsub(/.*kmod\/|\.c|'/, "", file)
}

/^Lines executed:/ && file {
	split($2, part, /[:%]/)
	percent[file] = part[2]
	file = ""
}

END {
	for (i = 1; i <= n; i++) {
		ok = names[i] in percent && percent[names[i]] >= least
		failed += !ok
		printf "%sok %d - %s.c: %s %% of its lines are tested, of %d\n", ok ? "" : "not ",
			i, names[i], percent[names[i]], least
	}
	exit failed > 0
}
