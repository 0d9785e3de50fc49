# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # lab.sh sets them
# An Icinga 2 of a test's own: one node, its API on a loopback port. Source it after lab.sh and
# lab_sim. The daemon runs as $LAB_USER in $lab_dir/core/icinga.

icinga_free_port() {
	local port
	while port=$((20000 + RANDOM)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# icinga_config: standard input is what the configuration has besides the node, its API and the
# commands of fleetmon. Sets icinga_argv, the daemon without -C.
icinga_config() {
	local core=$lab_dir/core/icinga
	local data=$core/data
	icinga_port=$(icinga_free_port)
	icinga_password=$(openssl rand -hex 16)
	install -d -o "$LAB_USER" -g "$lab_group" -m 700 "$core" "$data" "$data/certs" \
		"$core/cache" "$core/run" "$core/spool"
	cp "$lab_dir/ca/ca.pem" "$data/certs/ca.crt"
	printf 'subjectAltName=IP:127.0.0.1,DNS:lab\n' >"$lab_dir/lab.ext"
	openssl req -newkey rsa:2048 -nodes -subj /CN=lab -keyout "$data/certs/lab.key" \
		-out "$lab_dir/lab.csr" 2>"$lab_dir/openssl.log" &&
		openssl x509 -req -in "$lab_dir/lab.csr" -CA "$lab_dir/ca/ca.pem" -CAkey "$lab_dir/ca/ca.key" \
			-CAcreateserial -days 30 -extfile "$lab_dir/lab.ext" \
			-out "$data/certs/lab.crt" 2>>"$lab_dir/openssl.log" || exit 1
	chown "$LAB_USER" "$data"/certs/*
	{
		cat <<-C
		include <itl>
		const PluginDir = "$lab_plugins"
		object Endpoint "lab" {}
		object Zone "lab" { endpoints = [ "lab" ] }
		object ApiListener "api" { bind_host = "127.0.0.1"; bind_port = $icinga_port }
		object ApiUser "test" { password = "$icinga_password"; permissions = [ "*" ] }
		object CheckerComponent "checker" {}
		include "$prefix/share/fleetmon/icinga2.conf"
		C
		cat
	} >"$lab_dir/icinga2.conf"
	chown "$LAB_USER" "$lab_dir/icinga2.conf"
	chmod 400 "$lab_dir/icinga2.conf"
	icinga_argv=(icinga2 daemon -c "$lab_dir/icinga2.conf" -DNodeName=lab -DZoneName=lab
		-DConfigDir="$core" -DDataDir="$data" -DLogDir="$core"
		-DCacheDir="$core/cache" -DInitRunDir="$core/run"
		-DSpoolDir="$core/spool" -DRunAsUser="$LAB_USER" -DRunAsGroup="$lab_group")
}

# icinga_api METHOD PATH [BODY]
icinga_api() {
	curl -sS --cacert "$lab_dir/ca/ca.pem" -u "test:$icinga_password" -H 'Accept: application/json' \
		-H "X-HTTP-Method-Override: $1" -X POST -d "${3:-{\}}" "https://127.0.0.1:$icinga_port/v1/$2"
}

icinga_answers() { icinga_api GET status 2>/dev/null | grep -q '"results"'; }

# Verifies the configuration, then starts the daemon; sets icinga_pid. False when it does neither.
icinga_start() {
	if ! lab_as "${icinga_argv[@]}" -C >"$lab_dir/icinga-verify.log" 2>&1; then
		cat "$lab_dir/icinga-verify.log"
		return 1
	fi
	lab_run "$lab_dir/icinga.out" "${icinga_argv[@]}"
	# shellcheck disable=SC2034 # for those who source this
	icinga_pid=$lab_pid
	lab_wait 60 icinga_answers && return 0
	tail -20 "$lab_dir/icinga.out"
	return 1
}

# icinga_attribute HOST SERVICE JQ: of the service's attributes; of the host's when SERVICE is empty
icinga_attribute() {
	local object=hosts/$1
	[ -z "$2" ] || object="services/$1!${2// /%20}"
	icinga_api GET "objects/$object" | jq -r ".results[0].attrs | $3" 2>/dev/null
}

# icinga_state HOST SERVICE: "CRITICAL HARD 3"
icinga_state() {
	icinga_attribute "$1" "$2" '"\(["OK","WARNING","CRITICAL","UNKNOWN"][.state]) \(["SOFT","HARD"][.state_type]) \(.check_attempt)"'
}

icinga_executed_after() { # HOST SERVICE TIME
	[ "$(icinga_attribute "$1" "$2" "(.last_check_result.execution_end // 0) > $3")" = true ]
}

# icinga_action NAME HOST SERVICE [JSON-WITHOUT-BRACES]: on the host itself when SERVICE is empty
icinga_action() {
	local object="\"type\":\"Host\",\"host\":\"$2\""
	[ -z "$3" ] || object="\"type\":\"Service\",\"service\":\"$2!$3\""
	icinga_api POST "actions/$1" "{$object${4:+,$4}}" | jq -e '.results[0].code == 200' >/dev/null ||
		lab_fail "Icinga takes $1 for $2"
}

# icinga_check HOST SERVICE: has it checked now, and waits for the result
icinga_check() {
	local last
	last=$(icinga_attribute "$1" "$2" '.last_check_result.execution_end // 0')
	sleep 1.1 # longer than the ttl of lab_config, so that the fleet is read
	icinga_action reschedule-check "$1" "$2" '"force":true'
	lab_wait 30 icinga_executed_after "$1" "$2" "$last"
}
