# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests in real monitoring cores and the demo share: source this file. It lays out an
# installed fleetmon for a simulated service and runs a core as an unprivileged user.
#
#   prefix       where fleetmon is installed (make install), owned by root; default $lab_dir/tree
#   FLEETSIM     the simulator; default the one in $prefix
#   LAB_USER     who runs the core, default nobody
#   LAB_CORE     the core, Nagios or Naemon, where a test does not say which; default nagios4
#
# lab_begin sets lab_dir, a folder of its own that lab_end removes.
lab_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab_top=$(cd "$lab_here/../.." && pwd)
# shellcheck source=tests/sim/lib.sh
. "$lab_top/tests/sim/lib.sh"

lab_passed=0
lab_failed=0
lab_pids=()

lab_pass() {
	lab_passed=$((lab_passed + 1))
	echo "ok    $1"
}

# lab_fail WHAT [DETAIL]
lab_fail() {
	lab_failed=$((lab_failed + 1))
	echo "FAIL  $1"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | tail -n 30 | sed 's/^/      /'
}

# lab_equal WHAT WANTED GOT
lab_equal() {
	if [ "$2" = "$3" ]; then lab_pass "$1"; else lab_fail "$1" "wanted: $2
got:    $3"; fi
}

# lab_like WHAT REGEX GOT
lab_like() {
	if [[ $3 =~ $2 ]]; then lab_pass "$1"; else lab_fail "$1" "wanted: $2
got:    $3"; fi
}

# lab_unlike WHAT REGEX GOT
lab_unlike() {
	if [[ $3 =~ $2 ]]; then lab_fail "$1" "not wanted: $2
got:        $3"; else lab_pass "$1"; fi
}

# lab_wait SECONDS COMMAND...: polls until it is true
lab_wait() {
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.2
	done
}

# A core that acts needs a policy that it cannot write, so root lays the files out.
lab_need_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	echo "SKIP  ${1:-this} needs root: it runs the core as an unprivileged user under a policy of root's"
	exit 77
}

lab_need() {
	local file
	for file; do
		command -v "$file" >/dev/null && continue
		echo "SKIP  $file is not installed (packaging/setup tests installs it)"
		exit 77
	done
}

lab_begin() {
	LAB_USER=${LAB_USER:-nobody}
	lab_group=$(id -gn "$LAB_USER")
	lab_become=(setpriv --reuid "$LAB_USER" --regid "$lab_group" --clear-groups
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C HOME=/)
	lab_dir=$(mktemp -d "${TMPDIR:-/tmp}/fleetmon-${1:-lab}.XXXXXX")
	chmod 755 "$lab_dir"
	prefix=${prefix:-$lab_dir/tree}
	lab_plugins=$prefix/lib/nagios/plugins
	FLEETSIM=${FLEETSIM:-$prefix/bin/fleetsim}
	trap lab_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	install -d -o "$LAB_USER" -g "$lab_group" -m 700 \
		"$lab_dir/cache" "$lab_dir/state" "$lab_dir/log" "$lab_dir/core"
}

lab_end() {
	local status=$? pid
	trap - EXIT INT TERM
	for pid in "${lab_pids[@]}"; do kill "$pid" 2>/dev/null; done
	for pid in "${lab_pids[@]}"; do wait "$pid" 2>/dev/null; done
	sim_stop
	if [ -n "${LAB_KEEP:-}" ]; then echo "kept: $lab_dir"; else rm -rf "$lab_dir"; fi
	exit "$status"
}

# lab_as COMMAND...: as the user that runs the core, with nothing of our environment
lab_as() {
	"${lab_become[@]}" "$@"
}

# lab_run LOG COMMAND...: in the background until lab_end; sets lab_pid, which is the command's own
lab_run() {
	local log=$1
	shift
	"${lab_become[@]}" "$@" >"$log" 2>&1 </dev/null &
	lab_pid=$!
	lab_pids+=("$lab_pid")
}

# ---- The simulated service

lab_subscription=11111111-2222-3333-4444-555555555555
lab_resource_group=rg-fleet
lab_tenant=99999999-8888-7777-6666-555555555555
lab_client=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
lab_secret=only-the-simulator-knows-it

# lab_sim SCENARIO [ARG...]: over TLS, with a CA of its own
lab_sim() {
	sim_ca "$lab_dir/ca" || { echo "FAIL  no certificates: openssl"; exit 1; }
	chmod 755 "$lab_dir/ca"
	chmod 644 "$lab_dir/ca/ca.pem"
	sim_start_tls "$1" "$lab_dir/ca" "${@:2}" || exit 1
}

# lab_api METHOD FLEET/PATH...: as an application of the tenant, which is what a pipeline would be
lab_api() {
	local method=$1 token base=/subscriptions/$lab_subscription/resourceGroups/$lab_resource_group
	shift
	base=$FLEETSIM_URL$base/providers/Microsoft.ContainerService/fleets
	set -- "${@/#/$base/}"
	token=$(curl -sS --cacert "$lab_dir/ca/ca.pem" "$FLEETSIM_URL/$lab_tenant/oauth2/v2.0/token" \
		-d grant_type=client_credentials -d "client_id=$lab_client" \
		-d "client_secret=$lab_secret" -d "scope=$FLEETSIM_URL/.default" | jq -r .access_token)
	curl -sS --fail-with-body --cacert "$lab_dir/ca/ca.pem" -X "$method" -H "Authorization: Bearer $token" \
		-H 'Content-Length: 0' "${@/%/?api-version=2026-06-01}"
}

# lab_clock_ago SECONDS: sets the simulator's clock so long before now
lab_clock_ago() {
	sim_clock "{\"set\":\"$(date -u -d "@$((EPOCHSECONDS - $1))" +%FT%TZ)\"}" >/dev/null
}

# lab_posts FLEET VERB: how many requests to start, stop or skip it had, and how many did something:
# "1 1"
lab_posts() {
	sim_requests 'method=POST' | jq -r --arg fleet "/fleets/$1/" --arg verb "/$2?" \
		'[.[] | select((.path | contains($fleet)) and (.path | contains($verb)))] |
		 "\(length) \(map(select(.effective)) | length)"'
}
lab_starts() {
	lab_posts "$1" start
}

# lab_overhear [DIR [CONFIG]]: has the core call fleet_action by way of a program that notes each call
# as a line of $lab_dir/log/handled: the arguments, a tab, the first line of the output. Cores keep
# neither. With DIR instead of $lab_dir, and a configuration for both plugins.
lab_overhear() {
	local dir=${1:-$lab_dir} config=${2:+--config=$2}
	mkdir "$dir/plugins"
	printf '#!/bin/sh\nexec "%s" "$@" %s\n' "$prefix/lib/nagios/plugins/check_fleet" "$config" >"$dir/plugins/check_fleet"
	cat >"$dir/plugins/fleet_action" <<-C
	#!/bin/bash
	output=\$("$prefix/lib/nagios/plugins/fleet_action" "\$@" $config)
	code=\$?
	printf '%s\t%s\n' "\${*//=/ }" "\${output%%\$'\n'*}" >>"$dir/log/handled"
	printf '%s\n' "\$output"
	exit "\$code"
	C
	chmod 755 "$dir/plugins" "$dir"/plugins/*
	install -o "$LAB_USER" -g "$lab_group" -m 600 /dev/null "$dir/log/handled"
	lab_plugins=$dir/plugins
}

# lab_node NODE [LINE...]: a machine of its own, for one node of a cluster: configuration, answers,
# ledger, audit log and secret are below $lab_dir/NODE; without lab_node_secret it cannot sign in. The
# lines are further ones of its fleetmon.conf. Sets lab_plugins.
lab_node() {
	local dir=$lab_dir/$1
	install -d -m 755 "$dir"
	install -d -o "$LAB_USER" -g "$lab_group" -m 700 "$dir/cache" "$dir/state" "$dir/log"
	{
		sed "s:$lab_dir/\(cache\|state\|log\|secret\):$dir/\1:" "$prefix/etc/fleetmon/fleetmon.conf"
		[ $# -eq 1 ] || printf '%s\n' "${@:2}"
	} >"$dir/fleetmon.conf"
	chmod 644 "$dir/fleetmon.conf"
	lab_overhear "$dir" "$dir/fleetmon.conf"
}
lab_node_secret() {
	cp -p "$lab_dir/secret" "$lab_dir/$1/secret"
}

# ---- fleetmon's configuration

# lab_config "FLEET..." [LINE...]: fleets of the simulator, and further lines of fleetmon.conf. The time
# of a check and an action is what the cores here give them, less something.
lab_config() {
	local etc=$prefix/etc/fleetmon fleet fleets=$1
	shift
	install -d -m 755 "$etc" "$etc/conf.d"
	printf '%s' "$lab_secret" >"$lab_dir/secret"
	chown "$LAB_USER" "$lab_dir/secret"
	chmod 400 "$lab_dir/secret"
	{
		cat <<-C
		cache_dir = "$lab_dir/cache";
		state_dir = "$lab_dir/state";
		policy = "$etc/policy.conf";
		audit_log = "$lab_dir/log/audit.jsonl";
		freeze_file = "$lab_dir/freeze";
		timeout = "25s";
		clouds: { sim: {
		    authority = "$FLEETSIM_URL"; arm = "$FLEETSIM_URL"; audience = "$FLEETSIM_URL";
		    ca_file = "$lab_dir/ca/ca.pem";
		}; };
		credentials: { app: {
		    type = "client_secret"; tenant = "$lab_tenant"; client_id = "$lab_client";
		    secret_file = "$lab_dir/secret";
		}; };
		fleets: {
		C
		for fleet in $fleets; do
			cat <<-C
			    $fleet: {
			        subscription = "$lab_subscription"; resource_group = "$lab_resource_group";
			        fleet = "$fleet"; cloud = "sim"; reader = "app"; operator = "app"; ttl = "1s";
			    };
			C
		done
		echo "};"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$etc/fleetmon.conf"
	chmod 644 "$etc/fleetmon.conf"
}

# lab_policy TEXT
lab_policy() {
	printf '%s\n' "$1" >"$prefix/etc/fleetmon/policy.conf"
	chmod 644 "$prefix/etc/fleetmon/policy.conf"
}

# lab_audit FLEET FIELD...: the fields of its lines in the audit log, tab separated; of $lab_audit_of's log
# when that is set
lab_audit() {
	local fleet=$1 fields log=$lab_dir/${lab_audit_of:+$lab_audit_of/}log/audit.jsonl
	shift
	fields=$(printf '.%s,' "$@")
	[ -e "$log" ] || return 0
	jq -r --arg fleet "$fleet" "select(.fleet == \$fleet) | [${fields%,}] | @tsv" "$log"
}

# ---- Nagios Core

# lab_nagios_config INTERVAL_LENGTH OBJECT_FILE...
lab_nagios_config() {
	local file core=$lab_dir/core length=$1
	shift
	install -d -o "$LAB_USER" -g "$lab_group" -m 700 "$core/spool" "$core/rw"
	printf '$USER1$=%s\n' "$lab_plugins" >"$lab_dir/resource.cfg"
	cat >"$lab_dir/site.cfg" <<-'C'
	define timeperiod {
		timeperiod_name 24x7
		alias           always
		sunday          00:00-24:00
		monday          00:00-24:00
		tuesday         00:00-24:00
		wednesday       00:00-24:00
		thursday        00:00-24:00
		friday          00:00-24:00
		saturday        00:00-24:00
	}
	define command {
		command_name nobody-is-told
		command_line /bin/true
	}
	define contact {
		contact_name                  noc
		alias                         Operations
		host_notification_period      24x7
		service_notification_period   24x7
		host_notification_options     n
		service_notification_options  n
		host_notification_commands    nobody-is-told
		service_notification_commands nobody-is-told
	}
	define contactgroup {
		contactgroup_name admins
		alias             Operations
		members           noc
	}
	C
	{
		for file; do echo "cfg_file=$file"; done
		cat <<-C
		cfg_file=$lab_dir/site.cfg
		resource_file=$lab_dir/resource.cfg
		log_file=$core/nagios.log
		object_cache_file=$core/objects.cache
		status_file=$core/status.dat
		status_update_interval=1
		command_file=$core/rw/nagios.cmd
		query_socket=$core/rw/nagios.qh
		lock_file=$core/nagios.pid
		temp_file=$core/nagios.tmp
		temp_path=$core
		check_result_path=$core/spool
		state_retention_file=$core/retention.dat
		log_archive_path=$core
		use_syslog=0
		log_service_retries=1
		check_external_commands=1
		check_for_updates=0
		interval_length=$length
		check_result_reaper_frequency=1
		service_inter_check_delay_method=n
		service_check_timeout=60
		event_handler_timeout=30
		enable_environment_macros=0
		illegal_object_name_chars=\`~!\$%^&*|'"<>?,()=
		illegal_macro_output_chars=\`~\$&|'"<>
		C
	} >"$lab_dir/nagios.cfg"
	chmod 644 "$lab_dir"/*.cfg
}

# Sets nagios_pid. False, with what the core says, when it does not take the configuration or start.
lab_nagios_start() {
	local core=$lab_dir/core
	if ! lab_as "${LAB_CORE:-nagios4}" -v "$lab_dir/nagios.cfg" >"$lab_dir/verify.log" 2>&1; then
		cat "$lab_dir/verify.log"
		return 1
	fi
	lab_run "$lab_dir/nagios.out" "${LAB_CORE:-nagios4}" "$lab_dir/nagios.cfg"
	# shellcheck disable=SC2034 # for those who source this
	nagios_pid=$lab_pid
	lab_wait 120 test -s "$core/status.dat" && return 0
	cat "$lab_dir/nagios.out"
	return 1
}

# nagios_field HOST SERVICE FIELD: from status.dat; of the host itself when SERVICE is empty
nagios_field() {
	awk -v host="$1" -v service="$2" -v field="$3" '
		/^[a-z]+ \{$/ { h = s = ""; in_it = $1 == (service == "" ? "hoststatus" : "servicestatus") }
		!in_it { next }
		{ sub(/^[ \t]+/, ""); at = index($0, "="); key = substr($0, 1, at - 1); value = substr($0, at + 1) }
		key == "host_name" { h = value }
		key == "service_description" { s = value }
		key == field && h == host && s == service { print value; exit }' "$lab_dir/core/status.dat"
}

# nagios_command TEXT: an external command
nagios_command() {
	lab_wait 60 test -p "$lab_dir/core/rw/nagios.cmd" || return 1
	printf '[%s] %s\n' "$EPOCHSECONDS" "$1" >"$lab_dir/core/rw/nagios.cmd"
}

nagios_checked_since() {
	local last
	last=$(nagios_field "$1" "$2" last_check)
	[ "${last:-0}" -ge "$3" ]
}

# nagios_check HOST SERVICE: has the core check it now, and waits for the result; a failure when there is none
nagios_check() {
	local last
	last=$(nagios_field "$1" "$2" last_check)
	until [ "$EPOCHSECONDS" -gt "${last:-0}" ]; do sleep 0.2; done
	nagios_command "SCHEDULE_FORCED_SVC_CHECK;$1;$2;$EPOCHSECONDS" &&
		lab_wait 120 nagios_checked_since "$1" "$2" "$((last + 1))" && return 0
	lab_fail "$1 $2: no result"
	return 1
}

# nagios_state HOST SERVICE: "CRITICAL HARD 3"
nagios_state() {
	local states=(OK WARNING CRITICAL UNKNOWN) types=(SOFT HARD) state type
	state=$(nagios_field "$1" "$2" current_state)
	type=$(nagios_field "$1" "$2" state_type)
	echo "${states[${state:-3}]} ${types[${type:-0}]} $(nagios_field "$1" "$2" current_attempt)"
}

# lab_verdict: the last line of a test, and its exit status
lab_verdict() {
	echo "$lab_passed passed, $lab_failed failed"
	[ "$lab_failed" -eq 0 ]
}
