# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The policy of the tests in real cores, for lab_policy.
lab_policy 'rules = (
    { name = "passing faults"; fleet = "prod"; run = "nightly-*"; action = "start";
      execute = true; handler = true; manual = false;
      classes = [ "transient" ]; minimum_age = "1m"; cooldown = "10m"; },
    { name = "benches"; fleet = "lab"; run = "*"; action = "start";
      execute = true; handler = true; manual = false;
      classes = [ "transient" ]; minimum_age = "1m"; cooldown = "10m"; },
    { name = "desks"; fleet = "desk"; run = "*"; action = "start";
      execute = true; handler = true; manual = false;
      classes = [ "transient" ]; minimum_age = "1m"; cooldown = "10m"; }
);'
