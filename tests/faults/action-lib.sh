# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests of the real fleet_action against the simulator share: source this file.
#
#   FLEETSIM             the simulator
#   FLEET_ACTION         the program (default: of the build)
#   FLEET_ACTION_CRASH   the same with crash points (not called fleet_action_NAME: that runs a module)
#   START_MODULE         the module start.so; the other actions lie beside it
#   FLEETMON_STRIDE      of sweeps and random sequences, only so much as one in STRIDE (default 1)
#   FLEETMON_TRANSPORT   the real transport, unless fleetmon is installed
#
# action_begin NAME makes $work, which action_end removes; action_world [JQ] starts a simulator with
# the scenario below, changed by a jq filter, and a fresh configuration, policy, state and log.
action_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
action_build=${top_builddir:-$action_here/../..}
: "${FLEET_ACTION:=$action_build/fleet_action}"
: "${FLEET_ACTION_CRASH:=$action_build/action_crash}"
: "${START_MODULE:=$action_build/plugins/actions/.libs/start.so}"
# shellcheck source=tests/sim/lib.sh
. "$action_here/../sim/lib.sh"

passed=0
failed=0

pass() {
	passed=$((passed + 1))
	[ -z "${VERBOSE:-}" ] || echo "ok    $1"
}

fail() {
	failed=$((failed + 1))
	printf 'FAIL  %s\n' "$1"
	shift
	[ $# -eq 0 ] || printf '      %s\n' "$@"
}

skip() {
	echo "SKIP  $1"
	exit 77
}

# A policy must belong to root. Whoever is not can be, in a user namespace of their own.
action_become_root() {
	[ "$(id -u)" -eq 0 ] && return 0
	unshare -r true 2>/dev/null || skip 'needs root, or user namespaces (unshare -r)'
	exec unshare -r "$0" "$@"
}

action_begin() {
	local tool

	for tool in jq curl openssl; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	[ -x "${FLEETSIM:-}" ] || skip 'FLEETSIM does not name the simulator'
	[ -x "$FLEET_ACTION" ] && [ -e "$START_MODULE" ] || skip 'fleet_action is not built'
	work=$(mktemp -d "${TMPDIR:-/tmp}/fleetmon-$1.XXXXXX") || exit 1
	trap action_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	umask 077
	sim_ca "$work/ca" || { echo 'FAIL  no certificates'; exit 1; }
	mkdir -p "$work/modules/actions"
	cp "$(dirname "$START_MODULE")"/*.so "$work/modules/actions/"
}

action_end() {
	local status=$?

	trap - EXIT
	sim_stop
	if [ -n "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
	exit "$status"
}

verdict() {
	echo "$1: $passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

ago() {
	TZ=UTC printf '%(%FT%TZ)T\n' $((EPOCHSECONDS - $1))
}

# Worlds are made so often that the processes for it were most of what tests cost: so jq makes each
# kind of scenario once, with its times as distances from now, and bash makes its text of that.
declare -A action_scenarios=() action_configs=() action_secrets=()

# action_scenario [JQ]: a scenario, changed by a jq filter.
# The run "nightly" failed at its first cluster of the second stage two hours and 50 minutes ago,
# for a reason that passes; tried again, that cluster takes ten minutes. The clock stands still. Who
# started it was a pipeline: to be a person, set .identity.user to a mail address.
action_scenario() {
	local now=$EPOCHSECONDS text filter=${1:-.} at time TZ=UTC

	text=${action_scenarios[$filter]:-}
	if [ -z "$text" ]; then
		text=$(action_template "$now" "$filter") || return 1
		action_scenarios[$filter]=$text
	fi
	while [[ $text =~ \"@(-?[0-9]+)\" ]]; do
		at=${BASH_REMATCH[1]}
		printf -v time '%(%FT%TZ)T' $((now + at))
		text=${text//"\"@$at\""/"\"$time\""}
	done
	printf '%s\n' "$text"
}

action_template() { # NOW JQ
	local now begun TZ=UTC

	printf -v now '%(%FT%TZ)T' "$1"
	printf -v begun '%(%FT%TZ)T' $(($1 - 10800))
	jq -n --arg now "$now" --arg begun "$begun" '
	def member($name; $group): {$name, $group, attempts: [{duration_s: 300}]};
	{
		clock: {start: $now, factor: 0},
		identity: {
			tenant: "99999999-8888-7777-6666-555555555555",
			client_id: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
			client_secret: "only-the-simulator-knows-it",
			user: "cccccccc-0000-0000-0000-000000000000"
		},
		static_tokens: ["a-token"],
		fleets: [{
			subscription: "11111111-2222-3333-4444-555555555555",
			resource_group: "rg-fleet", name: "prod", location: "westeurope",
			members: [
				member("web-01"; "a"),
				(member("web-02"; "b") | .attempts = [
					{duration_s: 300, error: {code: "OperationNotAllowed",
						message: "Another operation (Updating) is in progress, please wait for it to finish."}},
					{duration_s: 600}]),
				member("web-03"; "b")
			],
			updateRuns: [{
				name: "nightly", start_at: $begun,
				properties: {
					strategy: {stages: [
						{name: "one", groups: [{name: "a"}]},
						{name: "two", groups: [{name: "b"}]}]},
					managedClusterUpdate: {
						upgrade: {type: "NodeImageOnly"},
						nodeImageSelection: {type: "Latest"}}
				}
			}]
		}]
	} | '"$2"' | walk(if type == "string" and test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
		then "@\(fromdate - ($now | fromdate))" else . end)'
}

action_policy() {
	action_write "$work/w/policy.conf" "$1"
}

# action_write FILE TEXT: one that others may read
action_write() {
	if [ -e "$1" ]; then
		printf '%s\n' "$2" >"$1"
		chmod 644 "$1"
	else
		umask 022
		printf '%s\n' "$2" >"$1"
		umask 077
	fi
}

# rule KEYS: the policy with one rule, and more keys
rule() {
	action_policy "rules = ( { name = \"test\"; fleet = \"prod\"; run = \"night*\"; action = \"start\";
		execute = true; handler = true; manual = false; cooldown = \"1h\"; minimum_age = \"1m\"; $1 } );"
}

# action_fresh: configuration and state for the running simulator
action_fresh() {
	local kind

	rm -rf "$work/w"
	mkdir -p "$work/w/state" "$work/w/conf.d"
	IFS= read -r -d '' kind <"$work/scenario.json"
	kind=${kind//[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z/}
	if [ -z "${action_configs[$kind]:-}" ]; then
		bash "$action_here/../hosts/config" "$FLEETSIM_URL" "$work/ca/ca.pem" "$work/scenario.json" "$work/w" 1s
		action_configs[$kind]=$(<"$work/w/fleetmon.conf")
		action_configs[$kind]=${action_configs[$kind]//"$FLEETSIM_URL"/@URL@}
		action_secrets[$kind]=$(<"$work/w/secret")
	else
		action_write "$work/w/fleetmon.conf" "${action_configs[$kind]//@URL@/"$FLEETSIM_URL"}"
		printf %s "${action_secrets[$kind]}" >"$work/w/secret"
	fi
	rule ''
}

action_world() {
	sim_stop
	action_scenario "${1:-.}" >"$work/scenario.json"
	sim_start_tls "$work/scenario.json" "$work/ca" || exit 1
	action_fresh
}

# What both cores say of a HARD problem.
# shellcheck disable=SC2034 # for those who source this
event=(--state CRITICAL --state-type HARD --host-state UP --downtime 0 --host-downtime 0
	--acknowledged '' --attempt 5 --max-attempts 5 --problem-id 17)

# act ARG...: runs the action $module (start); sets out and code
act() {
	out=$("${program:-$FLEET_ACTION}" "${module:-start}" --config "$work/w/fleetmon.conf" --module-dir "$work/modules" \
		--fleet prod -t 15 "$@" 2>&1)
	code=$?
}

# Requests like $watched (start) that reached the service, and of these those that did something:
# "1 1"
starts() {
	count_starts
	echo "$started"
}

count_starts() {
	sim_control GET "requests?count=1&${watched:-method=POST&path_contains=/start}"
	if [[ $sim_answer =~ \"count\":\ *([0-9]+),\ *\"effective\":\ *([0-9]+) ]]; then
		started="${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
	else
		started="no counts: $sim_answer"
	fi
}

# expect WHAT CODE REGEX STARTS: of the newest act
expect() {
	count_starts
	if [ "$code" = "$2" ] && [[ $out =~ $3 ]] && [ "$started" = "$4" ] && [[ $out != *$'\n'* ]]; then
		pass "$1"
	else
		fail "$1" "wanted: exit $2, one line like $3, requests $4" "got:    exit $code, requests $started" "$out"
	fi
}

# equal WHAT WANTED GOT
equal() {
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "wanted: $2" "got:    $3"; fi
}

# audited FILTER: what jq makes of the audit log
audited() {
	jq -r "$1" "$work/w/audit.jsonl"
}

# run_api VERB: as a person or pipeline at the service itself
run_api() {
	curl -sS --fail-with-body --cacert "$work/ca/ca.pem" -X POST -H 'Authorization: Bearer a-token' \
		-H 'Content-Length: 0' "$FLEETSIM_URL$(run_path)/$1?api-version=2026-06-01" >/dev/null
}

run_path() {
	echo "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-fleet/providers/Microsoft.ContainerService/fleets/prod/updateRuns/nightly"
}

run_state() {
	curl -sS --cacert "$work/ca/ca.pem" -H 'Authorization: Bearer a-token' \
		"$FLEETSIM_URL$(run_path)?api-version=2026-06-01" | jq -r .properties.status.status.state
}

forget_requests() {
	sim_control DELETE requests
}

# As $program: fleet_action under strace, which writes what it calls of $CALLS to $TRACE, and kills it
# where $INJECT says. Nothing of it is libtool's wrapper, which would be traced as well.
traced() {
	# The leak checker of a sanitizer build cannot work in a traced process.
	ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" exec strace -f -y -qq -o "$TRACE" -e trace="$CALLS" \
		${INJECT:+-e inject="$INJECT"} "$FLEET_ACTION" "$@"
}

# Whether "traced" works here.
can_trace() {
	command -v strace >/dev/null && strace -qq -o /dev/null true 2>/dev/null || return 1
	TRACE=$work/trace
	if [ -x "$action_build/.libs/fleet_action" ] && [ "$FLEET_ACTION" = "$action_build/fleet_action" ]; then
		FLEET_ACTION=$action_build/.libs/fleet_action
		export LD_LIBRARY_PATH=$action_build/.libs
	fi
}
