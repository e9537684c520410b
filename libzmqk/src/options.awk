# SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#
# The table of options from linux/zmq.h, whose comments begin with the types.
# One without a comment of its own is text: an endpoint.

/Options at level SOL_ZMQ/ { options = 1 }
/^\/\* Events/ { options = 0 }

# Small numbers are values of options.
options && $1 == "#define" && $2 !~ /^ZMQ_POLL/ && $3 ~ /^[0-9]+$/ && $3 > 3 {
	type = "BYTES"
	if (!/\/\*/ || /\/\* string/)
		type = "TEXT"
	else if (/\/\* (int|pid_t|uid_t|gid_t)/)
		type = "INT"
	else if (/\/\* __[us]64/)
		type = "INT64"
	printf "\t{ \"%s\", %s, ZMQK_OPT_%s },\n", $2, $2, type
}
