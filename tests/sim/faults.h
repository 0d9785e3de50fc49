/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand.
 *
 *   {"match":{"method":"GET","path_contains":"/updateRuns"},   both optional
 *    "times":N,      how often, -1 = always; default 1
 *    "after":K,      let K matching requests pass first; default 0
 *    "kind":KIND, ...}
 *
 * KIND, with its own keys:
 *   status         answer "status":CODE without doing anything; "body" (text or
 *                  JSON), "headers":{NAME:TEXT} and "retry_after":SECONDS of
 *                  your choice; default the right ARM body of 401, 403, 404,
 *                  409, 412, 429, 500, 503
 *   html_502       a proxy's page
 *   truncate       Content-Length promises more than comes, then close
 *   hang           never answer; without doing anything
 *   drip           the right answer, one byte a second
 *   endless        chunks without end
 *   huge_body      valid JSON of "bytes":N bytes (default 64 MiB)
 *   wrong_types    the right answer with texts, numbers, objects exchanged
 *   deep_nesting   "depth":N arrays in each other (default 10000)
 *   duplicate_keys the right answer with every key twice, the second time null
 *   not_json       200 with text that is not JSON, declared as JSON
 *   empty_200      200 without a body
 *   gzip_bomb      a small gzip body of "bytes":N bytes of JSON (default 256 MiB)
 *   nextlink_loop  the right list with a nextLink to itself
 *   nextlink_foreign, redirect
 *                  nextLink to, or 307 (or "status":302) to, the same path at
 *                  "host":"https://elsewhere"
 *   lost_answer    do it, then close the connection without answering
 *   close_before   close without doing it
 *   delay          "ms":N, then the right answer
 *   date_skew      the right answer with a Date header "seconds":N off
 *   big_headers    the right answer with "bytes":N of extra headers (default 65536)
 *
 * Kinds that say "the right answer" do what was asked; so do truncate,
 * endless and lost_answer.
 */
#ifndef FLEETSIM_FAULTS_H
#define FLEETSIM_FAULTS_H

#include "clock.h"
#include "http.h"
#include "reader.h"

struct sim_faults;
struct sim_fault;

struct sim_faults *sim_faults_new(void);
void sim_faults_free(struct sim_faults *faults);
void sim_faults_clear(struct sim_faults *faults);

/* Reads one fault and adds it at the end. False: reader->error says why. */
bool sim_faults_add(struct sim_faults *faults, struct sim_reader *reader, struct json_object *json,
		    const char *path);

/* All faults as they were given, each with how often it was applied; the caller owns it. */
struct json_object *sim_faults_list(const struct sim_faults *faults);

/* The first fault that applies to this request, counted as used; NULL: none. */
const struct sim_fault *sim_faults_match(struct sim_faults *faults,
					 const struct sim_request *request);
const char *sim_fault_name(const struct sim_fault *fault);

/* Faults that answer instead of the service; false: let the service answer. */
bool sim_fault_before(const struct sim_fault *fault, struct sim_request *request,
		      struct sim_reply *reply);

/* Faults that spoil the service's answer. */
void sim_fault_after(const struct sim_fault *fault, struct sim_request *request,
		     struct sim_reply *reply);

#endif
