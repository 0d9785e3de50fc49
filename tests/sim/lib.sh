# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests that need the simulator: source this file, then
#
#   sim_ca DIR                 makes a throwaway CA and a server certificate for
#                              127.0.0.1 and localhost: DIR/ca.pem, DIR/server.pem,
#                              DIR/server.key, and DIR/capath/ (hashed)
#   sim_start SCENARIO [ARG]   starts $FLEETSIM in the background, waits for its URL line,
#                              sets and exports FLEETSIM_URL, FLEETSIM_METADATA_URL and FLEETSIM_PID;
#                              control calls go by FLEETSIM_CONTROL, HOST/PORT of plain HTTP
#   sim_start_tls SCENARIO DIR [ARG]   the same over TLS with the certificate of sim_ca
#   sim_stop                   ends it and returns its exit status
#   sim_control METHOD WHAT [BODY]     calls the control endpoint /_sim/WHAT, sets sim_answer, false
#                              when it refuses; by bash alone, as processes for it were much of what
#                              tests cost
#   sim_clock JSON, sim_fault JSON     print what they answer
#   sim_no_faults              takes the faults away
#   sim_requests [QUERY]       prints the request log, QUERY like 'count=1&method=POST'
#
# Everything is made below the folder that is given; nothing is left behind after sim_stop but what
# sim_ca made.

sim_ca() {
	local dir=$1

	mkdir -p "$dir/capath" || return 1
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=Throwaway test CA' \
		-addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" 2>"$dir/openssl.log" || return 1
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=127.0.0.1' \
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
	local scenario=$1 said metadata=(--metadata 127.0.0.1:0)

	shift
	if [ ! -x "${FLEETSIM:-}" ]; then
		echo "lib.sh: FLEETSIM does not name the simulator" >&2
		return 1
	fi
	[[ " $* " != *' --metadata '* ]] || metadata=()
	exec {said}< <(exec "$FLEETSIM" --scenario "$scenario" "${metadata[@]}" "$@" </dev/null)
	FLEETSIM_PID=$!
	# It says both lines at once, or ends.
	if IFS= read -r FLEETSIM_URL <&"$said" && IFS= read -r FLEETSIM_METADATA_URL <&"$said"; then
		exec {said}<&-
		# The control endpoint is at both.
		FLEETSIM_CONTROL=${FLEETSIM_METADATA_URL#http://}
		FLEETSIM_CONTROL=${FLEETSIM_CONTROL/:/\/}
		export FLEETSIM_URL FLEETSIM_METADATA_URL FLEETSIM_CONTROL FLEETSIM_PID
		return 0
	fi
	exec {said}<&-
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
	unset FLEETSIM_PID FLEETSIM_URL FLEETSIM_METADATA_URL FLEETSIM_CONTROL
	return "$status"
}

sim_control() {
	local method=$1 what=$2 body=${3:-} status line fd size=0 LC_ALL=C # a size is in bytes

	sim_answer=''
	{ exec {fd}<>"/dev/tcp/$FLEETSIM_CONTROL"; } 2>/dev/null || { echo "lib.sh: there is no simulator to $method $what" >&2; return 1; }
	printf '%s /_sim/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
		"$method" "$what" "${#body}" "$body" >&"$fd"
	IFS= read -r status <&"$fd"
	while IFS= read -r line <&"$fd" && [ "$line" != $'\r' ]; do
		[[ ${line,,} != content-length:* ]] || size=${line//[^0-9]/}
	done
	[ "$size" -eq 0 ] || IFS= read -r -N "$size" sim_answer <&"$fd"
	exec {fd}>&-
	[[ $status == 'HTTP/1.1 2'* ]] || { echo "lib.sh: $method $what: $status$sim_answer" >&2; return 1; }
}

sim_clock() {
	sim_control POST clock "$1"
	printf %s "$sim_answer"
}

sim_fault() {
	sim_control POST faults "$1"
	printf %s "$sim_answer"
}

sim_no_faults() {
	sim_control DELETE faults
}

sim_requests() {
	sim_control GET "requests${1:+?$1}"
	printf %s "$sim_answer"
}
