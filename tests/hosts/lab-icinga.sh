# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # lab.sh sets them
# Icinga 2 of a test's own, with its API on a loopback port: one node, or several of a cluster. Source
# it after lab.sh and lab_sim. A daemon runs as $LAB_USER in $lab_dir/core/NODE.
declare -A icinga_ports icinga_pids

# icinga_on NODE: what the functions below are about; the node "lab" until then
icinga_on() {
	icinga_node=$1
	icinga_port=${icinga_ports[$1]:=$(icinga_free_port)}
	icinga_pid=${icinga_pids[$1]:-}
}

icinga_free_port() {
	local port
	while port=$((20000 + RANDOM)); do
		[[ " ${icinga_ports[*]} " == *" $port "* ]] && continue
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# icinga_certificate NODE: into the folder where its daemon looks, with the CA of lab_sim
icinga_certificate() {
	local node=$1 certs=$lab_dir/core/$1/data/certs
	cp "$lab_dir/ca/ca.pem" "$certs/ca.crt"
	printf 'subjectAltName=IP:127.0.0.1,DNS:%s\n' "$node" >"$lab_dir/$node.ext"
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$node" -keyout "$certs/$node.key" \
		-out "$lab_dir/$node.csr" 2>"$lab_dir/openssl.log" &&
		openssl x509 -req -in "$lab_dir/$node.csr" -CA "$lab_dir/ca/ca.pem" -CAkey "$lab_dir/ca/ca.key" \
			-CAcreateserial -days 30 -extfile "$lab_dir/$node.ext" \
			-out "$certs/$node.crt" 2>>"$lab_dir/openssl.log" || exit 1
	chown "$LAB_USER" "$certs"/*
}

# icinga_config: standard input is what the configuration has besides the API and the commands and
# services of fleetmon. Without $icinga_zones, which has all endpoints and zones of a cluster, the node
# is alone.
icinga_config() {
	local core data zones=${icinga_zones:-}
	icinga_on "${icinga_node:-lab}"
	[ -n "$zones" ] || zones="object Endpoint \"$icinga_node\" {}
		object Zone \"$icinga_node\" { endpoints = [ \"$icinga_node\" ] }"
	core=$lab_dir/core/$icinga_node
	data=$core/data
	: "${icinga_password:=$(openssl rand -hex 16)}"
	install -d -o "$LAB_USER" -g "$lab_group" -m 700 "$core" "$data" "$data/certs" \
		"$core/cache" "$core/run" "$core/spool"
	icinga_certificate "$icinga_node"
	{
		cat <<-C
		include <itl>
		const PluginDir = "$lab_plugins"
		$zones
		object ApiListener "api" {
			bind_host = "127.0.0.1"
			bind_port = $icinga_port
			accept_commands = true
			accept_config = true
		}
		object ApiUser "test" { password = "$icinga_password"; permissions = [ "*" ] }
		object CheckerComponent "checker" {}
		include "$prefix/share/fleetmon/icinga2.conf"
		include "$prefix/share/fleetmon/icinga2/fleets.conf"
		C
		cat
	} >"$lab_dir/$icinga_node.conf"
	chown "$LAB_USER" "$lab_dir/$icinga_node.conf"
	chmod 400 "$lab_dir/$icinga_node.conf"
}

# icinga_daemon ARG...: sets icinga_argv
icinga_daemon() {
	local core=$lab_dir/core/$icinga_node
	icinga_argv=(${icinga_before[@]+"${icinga_before[@]}"} icinga2 daemon -c "$lab_dir/$icinga_node.conf"
		-DNodeName="$icinga_node" -DZoneName="$icinga_node"
		-DConfigDir="$core" -DZonesDir="$core/zones.d" -DDataDir="$core/data" -DLogDir="$core"
		-DCacheDir="$core/cache" -DInitRunDir="$core/run"
		-DSpoolDir="$core/spool" -DRunAsUser="$LAB_USER" -DRunAsGroup="$lab_group" "$@")
}

# icinga_api METHOD PATH [BODY]
icinga_api() {
	curl -sS --cacert "$lab_dir/ca/ca.pem" -u "test:$icinga_password" -H 'Accept: application/json' \
		-H "X-HTTP-Method-Override: $1" -X POST -d "${3:-{\}}" "https://127.0.0.1:$icinga_port/v1/$2"
}

icinga_answers() { icinga_api GET status 2>/dev/null | grep -q '"results"'; }

# Verifies the configuration, then starts the daemon; sets icinga_pid. False when it does neither.
# $icinga_before is what it is called by: ( env NAME=VALUE ).
icinga_start() {
	icinga_daemon -C
	if ! lab_as "${icinga_argv[@]}" >"$lab_dir/$icinga_node-verify.log" 2>&1; then
		cat "$lab_dir/$icinga_node-verify.log"
		return 1
	fi
	icinga_daemon
	lab_run "$lab_dir/$icinga_node.out" "${icinga_argv[@]}"
	icinga_pids[$icinga_node]=$lab_pid
	icinga_on "$icinga_node"
	lab_wait 120 icinga_answers && return 0
	tail -20 "$lab_dir/$icinga_node.out"
	return 1
}

# icinga_end: ends the node; returns its exit status
icinga_end() {
	kill "$icinga_pid"
	wait "$icinga_pid"
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

# icinga_check HOST SERVICE: has it checked now, and waits for the result; a failure when there is none
icinga_check() {
	local last
	last=$(icinga_attribute "$1" "$2" '.last_check_result.execution_end // 0')
	sleep 1.1 # longer than the ttl of lab_config, so that the fleet is read
	icinga_action reschedule-check "$1" "$2" '"force":true'
	lab_wait 120 icinga_executed_after "$1" "$2" "$last" || { lab_fail "$1 $2: no result"; return 1; }
}
