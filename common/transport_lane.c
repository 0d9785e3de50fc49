/* SPDX-License-Identifier: MIT */
/* Lanes: multi handles, their sockets and times, and the ends of their requests. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "transport_lane.h"

/* A lane that nobody used for this long is closed with its connections: less than the four minutes
 * after which load balancers and firewalls forget a connection without a word. */
#define IDLE_LANE_MS 120000
/* A connection is used for this long at most: addresses and certificates change. */
#define CONNECTION_LIFE_S 600L
/* A request waits this long for the first connection to its host to say whether it can be shared;
 * when that one is dead it gets its own. */
#define WAIT_FOR_OTHER_MS 500
/* Who asked is gone, and had no answer for so long: the connection may be dead (see finish_job). */
#define SILENT_MS 2000
#define MOST_LANES 64	     /* beside those that are in use */
#define IDLE_CONNECTIONS 64L /* kept in one lane */
/* libcurl ends requests at their deadlines, but not those that wait for a connection: they, and
 * what else it forgets, end this much later. */
#define LATE_MS 10
#define TRUST_AGE_S 300L /* how long certificates that were read are used, at most */

struct fleet_lane {
	struct fleet_lanes *all;
	size_t index;
	CURLM *multi;
	CURLSH *sessions; /* of TLS */
	struct fleet_easy_settings settings;
	bool is_local, acts;
	bool is_retired; /* takes no more requests: one of its connections may be dead */
	struct fleet_job *jobs;
	int64_t due_ms;	 /* monotonic, libcurl's timer; INT64_MAX for none */
	int64_t used_ms; /* monotonic, when the newest request began or ended */
};

struct fleet_lanes {
	int epoll;
	uint64_t tag;
	fleet_job_done *done;
	void *context;
	struct fleet_lane **list; /* with holes, so that an index stays what it is */
	size_t count;
};

/* ---- What libcurl calls ---- */

static int watch_socket(CURL *curl, curl_socket_t fd, int what, void *context, void *known)
{
	struct fleet_lane *lane = context;
	struct epoll_event event = {.data.u64 = lane->all->tag | (uint64_t)lane->index << 32 |
						(uint32_t)fd};

	(void)curl;
	(void)known;
	if (what == CURL_POLL_REMOVE) {
		/* It may be closed already, which has removed it. */
		(void)epoll_ctl(lane->all->epoll, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(lane->all->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	/* When this fails too the request ends at its deadline. */
	if (errno == ENOENT)
		(void)epoll_ctl(lane->all->epoll, EPOLL_CTL_ADD, fd, &event);
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *context)
{
	struct fleet_lane *lane = context;

	(void)multi;
	lane->due_ms = ms < 0 ? INT64_MAX : fleet_deadline_in(ms).at_ms;
	return 0;
}

static int socket_opens(void *context, curl_socket_t fd, curlsocktype purpose)
{
	struct fleet_job *job = context;

	(void)purpose;
	fleet_easy_set_up_socket(fd);
	job->has_begun = true;
	return CURL_SOCKOPT_OK;
}

static int lookup_starts(void *state, void *reserved, void *context)
{
	struct fleet_job *job = context;

	(void)state;
	(void)reserved;
	job->has_begun = true;
	return 0;
}

/* ---- Lanes ---- */

static void free_lane(struct fleet_lane *lane)
{
	if (!lane)
		return;
	/* Without callbacks: what they would tell is of no use any more. */
	if (lane->multi) {
		(void)curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, NULL);
		(void)curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, NULL);
	}
	(void)curl_multi_cleanup(lane->multi);
	(void)curl_share_cleanup(lane->sessions);
	fleet_easy_settings_finish(&lane->settings);
	free(lane);
}

static bool set_up_multi(struct fleet_lane *lane)
{
	CURLM *multi = lane->multi;

	return multi && lane->sessions &&
	       curl_share_setopt(lane->sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ==
		       CURLSHE_OK &&
	       curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, lane) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_TIMERDATA, lane) == CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX) ==
		       CURLM_OK &&
	       curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS) == CURLM_OK;
}

/* Puts LANE into a hole, or at the end. */
static bool enter_lane(struct fleet_lanes *lanes, struct fleet_lane *lane)
{
	struct fleet_lane **longer;
	size_t at = 0;

	while (at < lanes->count && lanes->list[at])
		at++;
	if (at == lanes->count) {
		longer = realloc(lanes->list, (at + 1) * sizeof(struct fleet_lane *));
		if (!longer)
			return false;
		lanes->list = longer;
		lanes->count++;
	}
	lane->index = at;
	lanes->list[at] = lane;
	return true;
}

/* Makes room when there are too many: those that nobody uses now go. */
static void close_unused(struct fleet_lanes *lanes)
{
	size_t open = 0;

	for (size_t i = 0; i < lanes->count; i++)
		open += lanes->list[i] != NULL;
	for (size_t i = 0; i < lanes->count && open >= MOST_LANES; i++) {
		struct fleet_lane *lane = lanes->list[i];

		if (lane && !lane->jobs) {
			lanes->list[i] = NULL;
			free_lane(lane);
			open--;
		}
	}
}

static struct fleet_lane *new_lane(struct fleet_lanes *lanes, const struct fleet_tls *tls,
				   bool is_local, bool acts)
{
	struct fleet_lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return NULL;
	close_unused(lanes);
	lane->all = lanes;
	lane->is_local = is_local;
	lane->acts = acts;
	lane->due_ms = INT64_MAX;
	lane->multi = curl_multi_init();
	lane->sessions = curl_share_init();
	if (!set_up_multi(lane) || fleet_easy_settings_init(&lane->settings, tls, NULL) ||
	    !enter_lane(lanes, lane)) {
		free_lane(lane);
		return NULL;
	}
	return lane;
}

static struct fleet_lane *find_lane(struct fleet_lanes *lanes, const struct fleet_tls *tls,
				    bool is_local, bool acts)
{
	for (size_t i = 0; i < lanes->count; i++) {
		struct fleet_lane *lane = lanes->list[i];

		if (lane && !lane->is_retired && lane->is_local == is_local && lane->acts == acts &&
		    fleet_easy_settings_equal(&lane->settings, tls))
			return lane;
	}
	return new_lane(lanes, tls, is_local, acts);
}

struct fleet_lanes *fleet_lanes_new(int epoll, uint64_t tag, fleet_job_done *done, void *context)
{
	struct fleet_lanes *lanes;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	lanes = calloc(1, sizeof(*lanes));
	if (!lanes)
		return NULL;
	lanes->epoll = epoll;
	lanes->tag = tag;
	lanes->done = done;
	lanes->context = context;
	return lanes;
}

/* ---- Requests ---- */

/*
 * How long certificates that were read earlier may be used, in seconds: no longer than the file is
 * what it is now, so that a corrected one counts at once.
 */
static long trust_age_s(const struct fleet_easy_settings *settings)
{
	struct stat file, link;
	int64_t changed_s, age_s;

	if (!settings->ca_file)
		return TRUST_AGE_S;
	if (stat(settings->ca_file, &file) != 0 || lstat(settings->ca_file, &link) != 0)
		return 0;
	changed_s = file.st_ctime > link.st_ctime ? file.st_ctime : link.st_ctime;
	age_s = fleet_now_s() - changed_s - 1;
	return age_s < 0 ? 0 : age_s < TRUST_AGE_S ? (long)age_s : TRUST_AGE_S;
}

/* What a request has here beside what every one has. */
static CURLcode set_up_easy(struct fleet_lane *lane, struct fleet_job *job)
{
	CURL *curl = job->easy.curl;
	CURLcode rc = CURLE_OK;

#define SET(OPTION, VALUE) (rc = rc != CURLE_OK ? rc : curl_easy_setopt(curl, OPTION, VALUE))
	SET(CURLOPT_PRIVATE, job);
	SET(CURLOPT_SHARE, lane->sessions);
	SET(CURLOPT_SOCKOPTFUNCTION, socket_opens);
	SET(CURLOPT_SOCKOPTDATA, job);
	SET(CURLOPT_RESOLVER_START_FUNCTION, lookup_starts);
	SET(CURLOPT_RESOLVER_START_DATA, job);
	if (lane->acts)
		SET(CURLOPT_FORBID_REUSE, 1L);
	else if (!lane->is_local)
		SET(CURLOPT_PIPEWAIT, 1L);
#if LIBCURL_VERSION_NUM >= 0x075000
	SET(CURLOPT_MAXLIFETIME_CONN, CONNECTION_LIFE_S);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	SET(CURLOPT_CA_CACHE_TIMEOUT, trust_age_s(&lane->settings));
#else
	(void)trust_age_s;
#endif
#undef SET
	return rc;
}

/* Takes JOB out of its lane. */
static void leave_lane(struct fleet_job *job)
{
	struct fleet_lane *lane = job->lane;

	for (struct fleet_job **at = &lane->jobs; *at; at = &(*at)->next) {
		if (*at == job) {
			*at = job->next;
			break;
		}
	}
	(void)curl_multi_remove_handle(lane->multi, job->easy.curl);
	lane->used_ms = fleet_monotonic_ms();
	job->next = NULL;
	job->lane = NULL;
}

static void drop_easy(struct fleet_job *job)
{
	CURL *curl = job->easy.curl;

	fleet_easy_reset(&job->easy);
	job->easy.curl = NULL;
	curl_easy_cleanup(curl);
}

bool fleet_lanes_start(struct fleet_lanes *lanes, struct fleet_job *job,
		       const struct fleet_tls *tls, const struct fleet_request *request)
{
	struct fleet_lane *lane =
		find_lane(lanes, tls, request->is_local, fleet_easy_acts(request->method));

	memset(job, 0, sizeof(*job));
	job->deadline = request->deadline;
	job->easy.curl = lane ? curl_easy_init() : NULL;
	if (!job->easy.curl) {
		job->rc =
			fleet_error_set(&job->error, FLEET_E_NOMEM, "no memory for the transport");
		return false;
	}
	job->rc =
		fleet_easy_begin(&job->easy, &lane->settings, request, &job->response, &job->error);
	if (!job->rc && (set_up_easy(lane, job) != CURLE_OK ||
			 curl_multi_add_handle(lane->multi, job->easy.curl) != CURLM_OK))
		job->rc = fleet_error_set(&job->error, FLEET_E_NOMEM, "no memory for a request");
	if (job->rc) {
		drop_easy(job);
		return false;
	}
	if (!lane->acts && !lane->is_local)
		job->wait_until_ms = fleet_deadline_in(WAIT_FOR_OTHER_MS).at_ms;
	job->lane = lane;
	job->next = lane->jobs;
	lane->jobs = job;
	lane->used_ms = fleet_monotonic_ms();
	job->began_ms = lane->used_ms;
	return true;
}

void fleet_lanes_cancel(struct fleet_lanes *lanes, struct fleet_job *job)
{
	(void)lanes;
	if (!job->lane)
		return;
	if (fleet_monotonic_ms() - job->began_ms > SILENT_MS &&
	    fleet_easy_is_unanswered(&job->easy))
		job->lane->is_retired = true;
	leave_lane(job);
	drop_easy(job);
}

/* JOB ended with RC. */
static void finish_job(struct fleet_lanes *lanes, struct fleet_job *job, CURLcode rc)
{
	struct fleet_lane *lane = job->lane;

	job->rc = fleet_easy_end(&job->easy, rc, &job->error);
	/*
	 * Its connection was made, and the answer did not come: it may be dead without a word, and
	 * whoever joins it would wait in vain too. Those that come now begin anew.
	 */
	if (job->rc == FLEET_E_TIMEOUT && job->response.sent)
		lane->is_retired = true;
	leave_lane(job);
	drop_easy(job);
	lanes->done(job, lanes->context);
}

/* The requests of LANE that libcurl is done with. */
static void collect(struct fleet_lanes *lanes, struct fleet_lane *lane)
{
	struct CURLMsg *message;
	int left = 0;

	while ((message = curl_multi_info_read(lane->multi, &left)) != NULL) {
		CURLcode rc = message->data.result;
		char *job = NULL;

		if (message->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job) == CURLE_OK &&
		    job)
			finish_job(lanes, (struct fleet_job *)(void *)job, rc);
	}
}

void fleet_lanes_act(struct fleet_lanes *lanes, uint64_t data, uint32_t events)
{
	size_t index = (size_t)((data & ~lanes->tag) >> 32);
	struct fleet_lane *lane = index < lanes->count ? lanes->list[index] : NULL;
	int what = 0, running = 0;

	if (!lane)
		return;
	if (events & (EPOLLIN | EPOLLHUP))
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		what |= CURL_CSELECT_ERR;
	(void)curl_multi_socket_action(lane->multi, (curl_socket_t)(data & UINT32_MAX), what,
				       &running);
	collect(lanes, lane);
}

/* JOB has waited long enough for another's connection: it gets one of its own. */
static void stop_waiting(struct fleet_job *job)
{
	CURLM *multi = job->lane->multi;
	int64_t left_ms = fleet_deadline_left_ms(job->deadline);
	double ready = 0;

	job->wait_until_ms = 0;
	(void)curl_easy_getinfo(job->easy.curl, CURLINFO_PRETRANSFER_TIME, &ready);
	if (job->has_begun || ready > 0 || left_ms == 0)
		return;
	(void)curl_multi_remove_handle(multi, job->easy.curl);
	(void)curl_easy_setopt(job->easy.curl, CURLOPT_PIPEWAIT, 0L);
	(void)curl_easy_setopt(job->easy.curl, CURLOPT_TIMEOUT_MS,
			       (long)(left_ms > INT_MAX ? INT_MAX : left_ms));
	/* When this fails it ends at its deadline. */
	(void)curl_multi_add_handle(multi, job->easy.curl);
}

/* What is due in LANE at NOW_MS. */
static void tick_lane(struct fleet_lanes *lanes, struct fleet_lane *lane, int64_t now_ms)
{
	struct fleet_job *next;
	int running = 0;

	for (struct fleet_job *job = lane->jobs; job; job = job->next) {
		if (job->wait_until_ms > 0 && job->wait_until_ms <= now_ms)
			stop_waiting(job);
	}
	/* A callback may set it anew, for now: that is for the next time. */
	if (lane->due_ms <= now_ms) {
		lane->due_ms = INT64_MAX;
		(void)curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	collect(lanes, lane);
	for (struct fleet_job *job = lane->jobs; job; job = next) {
		next = job->next;
		if (job->deadline.at_ms + LATE_MS <= now_ms)
			finish_job(lanes, job, CURLE_OPERATION_TIMEDOUT);
	}
}

void fleet_lanes_tick(struct fleet_lanes *lanes)
{
	int64_t now_ms = fleet_monotonic_ms();

	for (size_t i = 0; i < lanes->count; i++) {
		struct fleet_lane *lane = lanes->list[i];

		if (!lane)
			continue;
		tick_lane(lanes, lane, now_ms);
		if (!lane->jobs && (lane->is_retired || lane->used_ms + IDLE_LANE_MS <= now_ms)) {
			lanes->list[i] = NULL;
			free_lane(lane);
		}
	}
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t fleet_lanes_due_ms(const struct fleet_lanes *lanes)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < lanes->count; i++) {
		const struct fleet_lane *lane = lanes->list[i];

		if (!lane)
			continue;
		due_ms = sooner(due_ms, lane->due_ms);
		if (!lane->jobs)
			due_ms = sooner(due_ms, lane->used_ms + IDLE_LANE_MS);
		for (const struct fleet_job *job = lane->jobs; job; job = job->next) {
			due_ms = sooner(due_ms, job->deadline.at_ms + LATE_MS);
			if (job->wait_until_ms > 0)
				due_ms = sooner(due_ms, job->wait_until_ms);
		}
	}
	return due_ms;
}

void fleet_lanes_free(struct fleet_lanes *lanes)
{
	if (!lanes)
		return;
	for (size_t i = 0; i < lanes->count; i++) {
		struct fleet_lane *lane = lanes->list[i];

		while (lane && lane->jobs)
			fleet_lanes_cancel(lanes, lane->jobs);
		free_lane(lane);
	}
	free(lanes->list);
	free(lanes);
}
