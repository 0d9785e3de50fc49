# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests that need the simulator: source this file, then
#
#   sim_ca DIR                 makes a throwaway CA and a server certificate for
#                              127.0.0.1 and localhost: DIR/ca.pem, DIR/server.pem,
#                              DIR/server.key, and DIR/capath/ (hashed)
#   sim_start SCENARIO [ARG]   starts $FLEETSIM in the background, waits for its URL line,
#                              sets and exports FLEETSIM_URL and FLEETSIM_PID, with --metadata
#                              FLEETSIM_METADATA_URL as well
#   sim_start_tls SCENARIO DIR [ARG]   the same over TLS with the certificate of sim_ca
#   sim_stop                   ends it and returns its exit status
#   sim_clock JSON, sim_fault JSON     the control endpoint
#   sim_requests [QUERY]       the request log, QUERY like 'count=1&method=POST'
#
# Everything is made below the folder that is given or in mktemp's; nothing is left behind
# after sim_stop but what sim_ca made.

sim_ca() {
	local dir=$1

	mkdir -p "$dir/capath" || return 1
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=Throwaway test CA' \
		-addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" 2>"$dir/openssl.log" || return 1
	openssl req -newkey rsa:2048 -nodes -subj '/CN=127.0.0.1' \
		-keyout "$dir/server.key" -out "$dir/server.csr" 2>>"$dir/openssl.log" || return 1
	printf '%s\n' 'basicConstraints=CA:FALSE' \
		'keyUsage=critical,digitalSignature,keyEncipherment' \
		'extendedKeyUsage=serverAuth' \
		'subjectAltName=IP:127.0.0.1,DNS:localhost' >"$dir/server.ext"
	openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
		-CAcreateserial -days 30 -extfile "$dir/server.ext" \
		-out "$dir/server.pem" 2>>"$dir/openssl.log" || return 1
	cp "$dir/ca.pem" "$dir/capath/ca.pem" || return 1
	openssl rehash "$dir/capath" 2>>"$dir/openssl.log"
}

sim_start() {
	local scenario=$1 line='' i

	shift
	if [ ! -x "${FLEETSIM:-}" ]; then
		echo "lib.sh: FLEETSIM does not name the simulator" >&2
		return 1
	fi
	FLEETSIM_DIR=$(mktemp -d) || return 1
	: >"$FLEETSIM_DIR/url" || return 1
	"$FLEETSIM" --scenario "$scenario" "$@" >"$FLEETSIM_DIR/url" 2>"$FLEETSIM_DIR/err" &
	FLEETSIM_PID=$!
	for ((i = 0; i < 3000; i++)); do
		if IFS= read -r line <"$FLEETSIM_DIR/url" && [ -n "$line" ]; then
			FLEETSIM_URL=$line
			FLEETSIM_METADATA_URL=$(sed -n 2p "$FLEETSIM_DIR/url")
			export FLEETSIM_URL FLEETSIM_METADATA_URL FLEETSIM_PID
			return 0
		fi
		kill -0 "$FLEETSIM_PID" 2>/dev/null || break
		sleep 0.02
	done
	cat "$FLEETSIM_DIR/err" >&2
	echo "lib.sh: the simulator did not start" >&2
	sim_stop
	return 1
}

sim_start_tls() {
	local scenario=$1 dir=$2

	shift 2
	sim_start "$scenario" --tls "$dir/server.pem,$dir/server.key" "$@"
}

sim_stop() {
	local status=0

	if [ -n "${FLEETSIM_PID:-}" ]; then
		kill "$FLEETSIM_PID" 2>/dev/null
		wait "$FLEETSIM_PID"
		status=$?
	fi
	[ -n "${FLEETSIM_DIR:-}" ] && rm -rf "$FLEETSIM_DIR"
	unset FLEETSIM_PID FLEETSIM_DIR FLEETSIM_URL FLEETSIM_METADATA_URL
	return "$status"
}

sim_clock() {
	curl -ksS -X POST --data "$1" "$FLEETSIM_URL/_sim/clock"
}

sim_fault() {
	curl -ksS -X POST --data "$1" "$FLEETSIM_URL/_sim/faults"
}

sim_requests() {
	curl -ksS "$FLEETSIM_URL/_sim/requests${1:+?$1}"
}
