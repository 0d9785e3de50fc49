/* SPDX-License-Identifier: MIT */
/* The transport on libcurl within one process: one request after the other on one handle. */
#include <stdlib.h>

#include "transport_easy.h"

struct handle {
	struct fleet_easy_settings settings;
	struct fleet_easy easy;
};

static void close_handle(void *opaque)
{
	struct handle *handle = opaque;

	if (!handle)
		return;
	curl_easy_cleanup(handle->easy.curl);
	fleet_easy_settings_finish(&handle->settings);
	free(handle);
}

static int open_handle(const struct fleet_tls *tls, void **ret_handle, struct fleet_error *error)
{
	struct handle *handle;
	int rc;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fleet_error_set(error, FLEET_E_NETWORK, "libcurl cannot be started");
	handle = calloc(1, sizeof(*handle));
	if (!handle)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for the transport");
	rc = fleet_easy_settings_init(&handle->settings, tls, error);
	if (rc) {
		free(handle);
		return rc;
	}
	handle->easy.curl = curl_easy_init();
	if (!handle->easy.curl) {
		close_handle(handle);
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for the transport");
	}
	*ret_handle = handle;
	return 0;
}

static int send_request(void *opaque, const struct fleet_request *request,
			struct fleet_response *response, struct fleet_error *error)
{
	struct handle *handle = opaque;
	struct fleet_easy *easy = &handle->easy;
	int rc = fleet_easy_begin(easy, &handle->settings, request, response, error);

	if (!rc)
		rc = fleet_easy_end(easy, curl_easy_perform(easy->curl), error);
	fleet_easy_reset(easy);
	return rc;
}

__attribute__((visibility("default"))) const struct fleet_transport *fleetmon_transport_v1(void);

const struct fleet_transport *fleetmon_transport_v1(void)
{
	static const struct fleet_transport transport = {
		.abi = FLEET_TRANSPORT_ABI,
		.size = sizeof(struct fleet_transport),
		.open = open_handle,
		.close = close_handle,
		.send = send_request,
	};

	return &transport;
}
