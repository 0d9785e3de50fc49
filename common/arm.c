/* SPDX-License-Identifier: MIT */
/* Sessions, single requests with their retries, and lists with their pages. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arm_private.h"
#include "credential.h"
#include "file.h"
#include "model.h"
#include "payload.h"
#include "text.h"

#define RETRIES 3
#define MAX_CLAIMS ((size_t)4096)	  /* bytes of what a token must show */
#define MAX_PROXY_PASSWORD ((size_t)4096) /* bytes */
/* A retry that could not be answered any more is not worth the wait. */
#define RETRY_ROOM_MS 100
/* Kept from the deadline, to print the verdict in. */
#define PRINT_ROOM_MS 50
#define MAX_PAGES 1000
#define MAX_LINK_BYTES ((size_t)32 << 20) /* of all links of one list */

struct fleet_deadline fleet_arm_deadline(struct fleet_deadline deadline)
{
	if (deadline.at_ms > INT64_MIN + PRINT_ROOM_MS)
		deadline.at_ms -= PRINT_ROOM_MS;
	return deadline;
}

static void clear_info(struct fleet_arm *arm)
{
	memset(&arm->info, 0, sizeof(arm->info));
	arm->info.reads_left = FLEET_ABSENT;
	arm->info.writes_left = FLEET_ABSENT;
	arm->info.quota_left = FLEET_ABSENT;
}

/* Opens the transport of ARM's cloud. */
static int open_transport(struct fleet_arm *arm, struct fleet_error *error)
{
	const struct fleet_config_cloud *cloud = arm->options.cloud;
	struct fleet_tls tls = {.ca_file = cloud->ca_file,
				.ca_path = cloud->ca_path,
				.proxy = cloud->proxy,
				.proxy_user = "",
				.proxy_password = ""};
	struct fleet_buf password;
	int rc = 0;

	fleet_buf_init(&password, MAX_PROXY_PASSWORD);
	if (cloud->proxy_user && *cloud->proxy_user) {
		rc = fleet_file_read(cloud->proxy_password_file, FLEET_FILE_SECRET, &password,
				     error);
		while (password.len > 0 && strchr("\r\n", password.data[password.len - 1]))
			password.data[--password.len] = '\0';
		tls.proxy_user = cloud->proxy_user;
		tls.proxy_password = fleet_buf_text(&password);
	}
	if (!rc)
		rc = arm->transport->open(&tls, &arm->handle, error);
	fleet_buf_wipe(&password);
	return rc;
}

int fleet_arm_open(const struct fleet_arm_options *options, struct fleet_arm **ret_arm,
		   struct fleet_error *error)
{
	const struct fleet_config_credential *credential = options->credential;
	struct fleet_arm *arm;
	int rc;

	if (!fleet_credential_type(credential->type))
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "credential %s (%s): there is no type %s", credential->name,
				       credential->where, credential->type);
	arm = calloc(1, sizeof(*arm));
	if (!arm)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a session");
	arm->options = *options;
	arm->transport = options->transport;
	fleet_buf_init(&arm->token, FLEET_MAX_TOKEN);
	fleet_buf_init(&arm->claims, MAX_CLAIMS);
	clear_info(arm);
	rc = fleet_guid(arm->correlation_id, error);
	if (!rc && !arm->transport)
		rc = fleet_transport_load(&arm->transport, error);
	if (!rc)
		rc = open_transport(arm, error);
	if (rc) {
		free(arm);
		return rc;
	}
	*ret_arm = arm;
	return 0;
}

void fleet_arm_close(struct fleet_arm *arm)
{
	if (!arm)
		return;
	arm->transport->close(arm->handle);
	fleet_buf_wipe(&arm->token);
	fleet_buf_finish(&arm->claims);
	free(arm);
}

const struct fleet_arm_info *fleet_arm_info(const struct fleet_arm *arm)
{
	return &arm->info;
}

/* The lowest of some remaining-request counts, FLEET_ABSENT when the answer has none. */
static int64_t lowest_left(const struct fleet_response *response, const char *const *names)
{
	int64_t lowest = FLEET_ABSENT;

	for (; *names; names++) {
		char text[24], *end = NULL;
		long long left;

		(void)fleet_response_header(response, *names, text, sizeof(text));
		left = strtoll(text, &end, 10);
		if (end == text || *end || left < 0)
			continue;
		if (lowest == FLEET_ABSENT || left < lowest)
			lowest = left;
	}
	return lowest;
}

static void fill_info(struct fleet_arm *arm, const struct fleet_response *response)
{
	/* Which of them are sent has changed over the years and will again. */
	static const char *const reads[] = {
		"x-ms-ratelimit-remaining-subscription-reads",
		"x-ms-ratelimit-remaining-subscription-global-reads",
		"x-ms-ratelimit-remaining-subscription-resource-requests",
		"x-ms-ratelimit-remaining-tenant-reads",
		"x-ms-ratelimit-remaining-tenant-resource-requests",
		NULL};
	static const char *const writes[] = {
		"x-ms-ratelimit-remaining-subscription-writes",
		"x-ms-ratelimit-remaining-subscription-global-writes",
		"x-ms-ratelimit-remaining-subscription-resource-requests",
		"x-ms-ratelimit-remaining-tenant-writes",
		"x-ms-ratelimit-remaining-tenant-resource-requests",
		NULL};
	static const char *const quota[] = {"x-ms-user-quota-remaining", NULL};
	struct fleet_arm_info *info = &arm->info;
	char text[128];

	info->http_status = response->status;
	info->reads_left = lowest_left(response, reads);
	info->writes_left = lowest_left(response, writes);
	info->quota_left = lowest_left(response, quota);
	info->quota_resets_s = fleet_response_quota_reset_s(response);
	(void)fleet_response_header(response, "x-ms-tenant-subscription-limit-hit", text,
				    sizeof(text));
	info->scope_cut = strcasecmp(text, "true") == 0;
	info->server_time_s = fleet_response_date_s(response);
	(void)fleet_text_clean_into(
		info->request_id, sizeof(info->request_id),
		fleet_response_header(response, "x-ms-request-id", text, sizeof(text)));
	(void)fleet_response_header(response, "x-ms-correlation-request-id", text, sizeof(text));
	(void)fleet_text_clean_into(info->correlation_id, sizeof(info->correlation_id),
				    text[0] ? text : arm->correlation_id);
}

static bool is_success(int status)
{
	return status == 200 || status == 201 || status == 202 || status == 204;
}

/* Room for the headers of a request, each a text of its own. */
struct headers {
	struct fleet_buf authorization;
	struct fleet_buf if_match;
	char client_id[64], correlation_id[80];
	char user_agent[128];
	const char *list[12];
};

static int make_headers(const struct fleet_arm *arm, const struct fleet_arm_request *request,
			struct headers *headers, struct fleet_error *error)
{
	char guid[FLEET_GUID];
	size_t n = 0;
	int rc = fleet_guid(guid, error);

	if (rc)
		return rc;
	(void)fleet_buf_adds(&headers->authorization, "Authorization: Bearer ");
	(void)fleet_buf_add(&headers->authorization, arm->token.data, arm->token.len);
	if (headers->authorization.failed)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a request");
	(void)snprintf(headers->client_id, sizeof(headers->client_id), "x-ms-client-request-id: %s",
		       guid);
	(void)snprintf(headers->correlation_id, sizeof(headers->correlation_id),
		       "x-ms-correlation-request-id: %s", arm->correlation_id);
	(void)snprintf(headers->user_agent, sizeof(headers->user_agent), "User-Agent: %s",
		       arm->options.user_agent ? arm->options.user_agent : "fleetmon");
	headers->list[n++] = headers->authorization.data;
	headers->list[n++] = headers->client_id;
	headers->list[n++] = headers->correlation_id;
	headers->list[n++] = headers->user_agent;
	headers->list[n++] = "x-ms-return-client-request-id: true";
	headers->list[n++] = "Accept: application/json";
	if (request->body)
		headers->list[n++] = "Content-Type: application/json";
	if (request->etag && request->etag[0]) {
		(void)fleet_buf_addf(&headers->if_match, "If-Match: %s", request->etag);
		if (headers->if_match.failed)
			return fleet_error_set(error, FLEET_E_INVAL, "an eTag is too long");
		headers->list[n++] = headers->if_match.data;
	}
	if (request->must_be_new)
		headers->list[n++] = "If-None-Match: *";
	headers->list[n] = NULL;
	return 0;
}

/* Sends REQUEST once with the token at hand. */
static int send_once(struct fleet_arm *arm, const struct fleet_arm_request *request,
		     struct fleet_deadline deadline, struct fleet_response *response,
		     struct fleet_error *error)
{
	struct fleet_request raw = {0};
	struct headers headers = {0};
	int rc;

	fleet_buf_init(&headers.authorization, FLEET_MAX_TOKEN + 64);
	fleet_buf_init(&headers.if_match, 1024);
	rc = make_headers(arm, request, &headers, error);
	if (rc)
		goto out;
	raw.method = request->method;
	raw.url = request->url;
	raw.origin = arm->options.cloud->arm;
	raw.headers = headers.list;
	raw.body = request->body;
	raw.body_len = request->body ? strlen(request->body) : 0;
	raw.max_body = FLEET_MAX_BODY;
	raw.deadline = deadline;
	rc = fleet_arm_transport.send(arm, &raw, response, error);
	if (rc) {
		arm->info.sent = response->sent;
		goto out;
	}
	fill_info(arm, response);
	if (!is_success(response->status)) {
		/* A proxy may make another 2xx of it: done is done. */
		arm->info.sent = response->status == 408 || response->status >= 500 ||
				 response->status / 100 == 2;
		rc = fleet_arm_http_error(arm, request, response, error);
	}
out:
	fleet_buf_wipe(&headers.authorization);
	fleet_buf_finish(&headers.if_match);
	return rc;
}

/* May the request that failed so be sent once more? */
static bool may_repeat(const struct fleet_arm_request *request,
		       const struct fleet_response *response, int rc)
{
	bool safe = request->reads || strcmp(request->method, "GET") == 0;

	if (response->status == 0)
		return rc == FLEET_E_NETWORK && !response->hopeless && (safe || !response->sent);
	switch (response->status) {
	case 429:
		return true;
	case 408:
	case 500:
	case 502:
	case 503:
	case 504:
		return safe;
	default:
		return false;
	}
}

/* Waits before the next try; false when there is none. Remembers throttling for all others, who
 * must not ask while we wait. */
static bool wait_to_repeat(struct fleet_arm *arm, const struct fleet_arm_request *request,
			   const struct fleet_response *response, int try,
			   struct fleet_deadline deadline, const struct fleet_error *error)
{
	bool repeat = try < RETRIES && may_repeat(request, response, error->code);
	int64_t wait_ms = fleet_response_retry_after_ms(response, fleet_now_s());
	bool named = wait_ms > 0;

	if (!named)
		wait_ms = fleet_backoff_ms(try);
	/* A moment is not worth a memo; else we come back when it has ended, not while it holds. */
	if (response->status == 429 && wait_ms >= 1000)
		wait_ms = (wait_ms + 999) / 1000 * 1000;
	if (wait_ms + RETRY_ROOM_MS >= fleet_deadline_left_ms(deadline))
		repeat = false;
	if (response->status == 429 && ((named && wait_ms >= 1000) || !repeat))
		fleet_arm_memo_write(arm, request, error);
	return repeat && fleet_deadline_sleep(deadline, wait_ms);
}

/* With the last request of a quota spent nobody asks until it is given back: the service would
 * answer 429, and count that too. */
static void note_quota(struct fleet_arm *arm, const struct fleet_arm_request *request)
{
	struct fleet_error spent = {0};

	if (!request->quota || arm->info.quota_left != 0 || arm->info.quota_resets_s <= 0)
		return;
	(void)fleet_error_set(&spent, FLEET_E_THROTTLED,
			      "the quota of %s is used up, it is given back in %lld s",
			      request->quota, (long long)arm->info.quota_resets_s);
	spent.retry_after_s = arm->info.quota_resets_s;
	fleet_arm_memo_write(arm, request, &spent);
}

int fleet_arm_exchange(struct fleet_arm *arm, const struct fleet_arm_request *request,
		       struct fleet_deadline deadline, struct fleet_response *response,
		       struct fleet_error *error)
{
	bool refused = false, renewed = false;
	struct fleet_error scratch;
	int try = 0, rc;

	memset(response, 0, sizeof(*response));
	clear_info(arm);
	fleet_buf_clear(&arm->claims);
	if (!error)
		error = &scratch;
	if (fleet_arm_memo_holds(arm, request, error))
		return error->code;
	for (;;) {
		rc = fleet_arm_token(arm, refused, deadline, error);
		if (rc)
			return rc;
		rc = send_once(arm, request, deadline, response, error);
		refused = response->status == 401 && !renewed;
		if (refused)
			(void)fleet_arm_challenge(response, &arm->claims);
		if (!rc) {
			note_quota(arm, request);
			return 0;
		}
		if (refused)
			renewed = true;
		else if (!wait_to_repeat(arm, request, response, try++, deadline, error))
			return rc;
		fleet_response_finish(response);
		arm->info.sent = false;
	}
}

int fleet_arm_body(const struct fleet_response *response, struct json_object **ret_body,
		   struct fleet_error *error)
{
	const char *text = fleet_buf_text(&response->body);
	struct fleet_error why = {0};
	char type[64];
	int rc;

	/* Empty answers come with the content-type of JSON, so only the bytes count. */
	if (text[strspn(text, " \t\r\n")] == '\0' && strlen(text) == response->body.len) {
		*ret_body = NULL;
		return 0;
	}
	rc = fleet_json_parse(text, response->body.len, ret_body, &why);
	if (!rc)
		return 0;
	(void)fleet_response_header(response, "content-type", type, sizeof(type));
	(void)fleet_error_set(error, (enum fleet_code)rc,
			      "the answer (status %d, %s) cannot be read as JSON%s: %s",
			      response->status, type[0] ? type : "no content-type",
			      strstr(type, "json") ? "" : ", it may be a proxy's", why.message);
	if (error)
		error->http_status = response->status;
	return rc;
}

int fleet_arm_send(struct fleet_arm *arm, const struct fleet_arm_call *call,
		   struct fleet_deadline deadline, struct json_object **ret_body,
		   struct fleet_error *error)
{
	struct fleet_arm_request request = {.method = call->method,
					    .etag = call->etag,
					    .body = call->body,
					    .must_be_new = call->must_be_new,
					    .reads = call->reads,
					    .quota = call->quota};
	struct fleet_response response = {0};
	struct fleet_buf url;
	int rc;

	fleet_buf_init(&url, FLEET_MAX_URL);
	rc = fleet_arm_url(arm, call, &url, error);
	if (!rc) {
		request.url = url.data;
		rc = fleet_arm_exchange(arm, &request, fleet_arm_deadline(deadline), &response,
					error);
		if (!rc) {
			rc = fleet_arm_body(&response, ret_body, error);
			arm->info.sent = rc != 0;
		}
	}
	fleet_response_finish(&response);
	fleet_buf_finish(&url);
	return rc;
}

/* A list that is being read. */
struct paging {
	struct fleet_arena links; /* all links so far: a loop is noticed by its first repetition */
	const char *seen[MAX_PAGES];
	size_t pages;
	size_t items;
	fleet_arm_item *item;
	void *context;
};

/* Notes URL as asked. Returns its copy, or NULL with ERROR set. */
static const char *note_page(struct paging *paging, const char *url, struct fleet_error *error)
{
	char *copy;

	for (size_t i = 0; i < paging->pages; i++) {
		if (strcmp(paging->seen[i], url) == 0) {
			(void)fleet_error_set(error, FLEET_E_PROTOCOL,
					      "the list does not end: after %zu pages the link to "
					      "the next one leads back",
					      paging->pages);
			return NULL;
		}
	}
	if (paging->pages == MAX_PAGES) {
		(void)fleet_error_set(error, FLEET_E_LIMIT, "the list has more than %d pages",
				      MAX_PAGES);
		return NULL;
	}
	copy = fleet_arena_text(&paging->links, url, strlen(url));
	if (!copy) {
		(void)fleet_error_set(error, FLEET_E_LIMIT, "the links of the list are too long");
		return NULL;
	}
	paging->seen[paging->pages++] = copy;
	return copy;
}

/* Hands the items of a page on and finds the link to the next, NULL on the last. */
static int take_page(struct fleet_arm *arm, struct paging *paging, struct json_object *page,
		     const char **ret_next, struct fleet_error *error)
{
	struct json_object *value = NULL, *next = NULL;
	size_t count;
	int rc;

	if (!json_object_is_type(page, json_type_object) ||
	    !json_object_object_get_ex(page, "value", &value) ||
	    !json_object_is_type(value, json_type_array))
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "the answer is no list: it has no array \"value\"");
	count = json_object_array_length(value);
	if (count > FLEET_MAX_ITEMS - paging->items)
		return fleet_error_set(error, FLEET_E_LIMIT, "the list has more than %d items",
				       FLEET_MAX_ITEMS);
	paging->items += count;
	for (size_t i = 0; i < count; i++) {
		rc = paging->item(json_object_array_get_idx(value, i), paging->context, error);
		if (rc < 0)
			return rc;
	}
	*ret_next = NULL;
	if (!json_object_object_get_ex(page, "nextLink", &next) || !next)
		return 0;
	if (!json_object_is_type(next, json_type_string))
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "the link to the next page is no text");
	if (json_object_get_string_len(next) == 0)
		return 0;
	rc = fleet_arm_link_check(arm, "the link to the next page", json_object_get_string(next),
				  (size_t)json_object_get_string_len(next), error);
	if (!rc)
		*ret_next = json_object_get_string(next);
	return rc;
}

/* GETs all pages from URL on. */
static int read_pages(struct fleet_arm *arm, struct paging *paging, const char *url,
		      struct fleet_deadline deadline, struct fleet_error *error)
{
	int rc = 0;

	while (!rc && url) {
		struct fleet_arm_request request = {.method = "GET"};
		struct fleet_response response = {0};
		struct json_object *page = NULL;
		const char *next = NULL;

		request.url = note_page(paging, url, error);
		if (!request.url)
			return error ? error->code : FLEET_E_PROTOCOL;
		rc = fleet_arm_exchange(arm, &request, deadline, &response, error);
		if (!rc)
			rc = fleet_arm_body(&response, &page, error);
		if (!rc)
			rc = take_page(arm, paging, page, &next, error);
		if (!rc && next) {
			next = fleet_arena_text(&paging->links, next, strlen(next));
			if (!next)
				rc = fleet_error_set(error, FLEET_E_LIMIT,
						     "the links of the list are too long");
		}
		json_object_put(page);
		fleet_response_finish(&response);
		url = next;
	}
	return rc;
}

int fleet_arm_list(struct fleet_arm *arm, const struct fleet_arm_call *call,
		   struct fleet_deadline deadline, fleet_arm_item *item, void *context,
		   struct fleet_error *error)
{
	struct paging *paging = calloc(1, sizeof(*paging));
	struct fleet_buf url;
	int rc;

	if (!paging)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a list");
	fleet_arena_init(&paging->links, MAX_LINK_BYTES);
	paging->item = item;
	paging->context = context;
	fleet_buf_init(&url, FLEET_MAX_URL);
	rc = fleet_arm_url(arm, call, &url, error);
	if (!rc)
		rc = read_pages(arm, paging, url.data, fleet_arm_deadline(deadline), error);
	fleet_buf_finish(&url);
	fleet_arena_finish(&paging->links);
	free(paging);
	return rc;
}
