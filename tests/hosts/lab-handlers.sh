# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # the others set them
# The same doings in Nagios Core and in Icinga 2, for tests/hosts/handlers: source this file after
# lab.sh and lab-icinga.sh. What a function is about is $host, with $service.
#
#   CORE_begin             starts the core with the services of the test; nothing is checked but when
#                          the test says so
#   CORE_result STATE TEXT a result of the service, as if it had been checked
#   CORE_calm              results that are OK, until the service is not flapping
#   CORE_do WHAT           an external command
#   CORE_situation         "HOST-STATE HOST-DOWNTIME DOWNTIME ACKNOWLEDGEMENT FLAPPING", in numbers

# ---- Nagios Core

nagios_begin() {
	local fleet verb options
	while read -r fleet verb options; do
		cat <<-C
		define host {
			use                    fleetmon-fleet
			host_name              nagios-$fleet
			passive_checks_enabled 1
			_FLEET                 nagios-$fleet
			${verb:+#}hostgroups   fleetmon-remedied
		}
		C
		[ -z "$verb" ] || cat <<-C
		define service {
			use                  fleetmon-run-remedied
			host_name            nagios-$fleet
			service_description  $service
			check_command        check_fleet_run!\$_HOSTFLEET\$!--latest
			event_handler        fleet_action_$verb!\$_HOSTFLEET\$!$options --execute
		}
		C
	done >"$lab_dir/objects.cfg" <<-'C'
	shop
	depot stop --active
	bakery skip --run weekly --target Member:oven-02
	C
	lab_nagios_config 60 "$prefix/share/fleetmon/nagios.cfg" \
		"$prefix/share/fleetmon/nagios/fleetmon.cfg" "$lab_dir/objects.cfg"
	printf '%s\n' execute_service_checks=0 enable_flap_detection=1 >>"$lab_dir/nagios.cfg"
	lab_nagios_start
}
nagios_result() { # STATE TEXT
	nagios_command "PROCESS_SERVICE_CHECK_RESULT;$host;$service;$1;$2"
}
# Nagios reckons flapping from the last 21 states.
nagios_calm() {
	local i
	for ((i = 0; i < 21; i++)); do nagios_result 0 "calm, $i"; done
}
nagios_do() {
	local span="$((EPOCHSECONDS - 1));$((EPOCHSECONDS + 3600));1;0;3600;noc;works"
	case $1 in
	host-up) nagios_command "PROCESS_HOST_CHECK_RESULT;$host;0;up" ;;
	host-down) nagios_command "PROCESS_HOST_CHECK_RESULT;$host;1;down" ;;
	host-downtime) nagios_command "SCHEDULE_HOST_DOWNTIME;$host;$span" ;;
	downtime) nagios_command "SCHEDULE_SVC_DOWNTIME;$host;$service;$span" ;;
	no-downtime) nagios_command "DEL_DOWNTIME_BY_HOST_NAME;$host" ;;
	acknowledge) nagios_command "ACKNOWLEDGE_SVC_PROBLEM;$host;$service;2;0;0;noc;we are on it" ;;
	esac
}
nagios_situation() {
	echo "$(nagios_field "$host" '' current_state) $(nagios_field "$host" '' scheduled_downtime_depth)" \
		"$(nagios_field "$host" "$service" scheduled_downtime_depth)" \
		"$(nagios_field "$host" "$service" problem_has_been_acknowledged)" \
		"$(nagios_field "$host" "$service" is_flapping)"
}

# ---- Icinga 2

icinga_begin() {
	icinga_config <<-C
	template Service "no-check-by-itself" default { enable_active_checks = false }
	template Host "no-check-by-itself" default { enable_active_checks = false }
	for (name => verb in { shop = "start", depot = "stop", bakery = "skip" }) {
		object Host "icinga-" + name use (name) { import "fleetmon-fleet" }
		object Service "$service" use (name, verb) {
			import "fleetmon-service"
			check_command = "fleet-run"
			host_name = "icinga-" + name
			event_command = "fleet-" + verb
			vars.fleet_fleet = "icinga-" + name
			vars.fleet_execute = true
			if (verb == "skip") {
				vars.fleet_run = "weekly"
				vars.fleet_target = [ "Member:oven-02" ]
			}
		}
	}
	C
	icinga_start
}
icinga_result() {
	icinga_action process-check-result "$host" "$service" "\"exit_status\":$1,\"plugin_output\":\"$2\""
}
# Icinga reckons flapping from the last 20 results.
icinga_calm() {
	local i
	for ((i = 0; i < 20; i++)); do icinga_result 0 "calm, $i"; done
}
icinga_do() {
	local person='"author":"noc","comment":"works"'
	local span="$person,\"fixed\":true,\"start_time\":$((EPOCHSECONDS - 1)),\"end_time\":$((EPOCHSECONDS + 3600))"
	case $1 in
	host-up) icinga_action process-check-result "$host" '' '"exit_status":0,"plugin_output":"up"' ;;
	host-down) icinga_action process-check-result "$host" '' '"exit_status":1,"plugin_output":"down"' ;;
	host-downtime) icinga_action schedule-downtime "$host" '' "$span" ;;
	downtime) icinga_action schedule-downtime "$host" "$service" "$span" ;;
	no-downtime)
		icinga_action remove-downtime "$host" ''
		icinga_action remove-downtime "$host" "$service"
		;;
	acknowledge) icinga_action acknowledge-problem "$host" "$service" "$person" ;;
	esac
}
icinga_situation() {
	echo "$(icinga_attribute "$host" '' '"\(.state) \(.downtime_depth)"')" \
		"$(icinga_attribute "$host" "$service" '"\(.downtime_depth) \(.acknowledgement) \(if .flapping then 1 else 0 end)"')"
}
