/* SPDX-License-Identifier: MIT */
/*
 * The chain that users of Azure's SDKs expect ("DefaultAzureCredential"): the first credential that
 * is there at all is the one. What is there and is refused ends the chain: to go on would be to
 * act, unasked, as somebody else.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "credential.h"
#include "text.h"

static const char *const required[] = {NULL};
static const char *const optional[] = {NULL};
static const char *const environment[] = {
	"AZURE_TOKEN_CREDENTIALS",
	"AZURE_TENANT_ID",
	"AZURE_CLIENT_ID",
	"AZURE_CLIENT_CERTIFICATE_PATH",
	"IDENTITY_ENDPOINT",
	"MSI_ENDPOINT",
	"IMDS_ENDPOINT",
	"AZURE_POD_IDENTITY_AUTHORITY_HOST",
	"AZURE_CONFIG_DIR",
	"AZURE_FEDERATED_TOKEN_FILE",
	"HOME",
	NULL,
};

static const struct {
	const struct fleet_credential_type *type;
	const char *name; /* in AZURE_TOKEN_CREDENTIALS */
	bool is_for_development;
} chain[] = {
	{&fleet_credential_environment, "EnvironmentCredential", false},
	{&fleet_credential_workload_identity, "WorkloadIdentityCredential", false},
	{&fleet_credential_managed_identity, "ManagedIdentityCredential", false},
	{&fleet_credential_azure_cli, "AzureCliCredential", true},
};
#define CHAIN_COUNT (sizeof(chain) / sizeof(chain[0]))

/* The value of AZURE_TOKEN_CREDENTIALS without the blanks around it, into OUT. */
static void read_choice(char *out, size_t size)
{
	const char *value = fleet_credential_variable("AZURE_TOKEN_CREDENTIALS");
	size_t len;

	value += strspn(value, " \t\r\n");
	(void)snprintf(out, size, "%s", value);
	len = strlen(out);
	while (len > 0 && strchr(" \t\r\n", out[len - 1]))
		out[--len] = '\0';
}

/* Which links of the chain CHOICE leaves, as bits; 0 when it means nothing. */
static unsigned links_of(const char *choice)
{
	unsigned links = 0;

	for (size_t i = 0; i < CHAIN_COUNT; i++) {
		bool is_meant = !choice[0] || strcasecmp(choice, "dev") == 0 ||
				(strcasecmp(choice, "prod") == 0 && !chain[i].is_for_development) ||
				strcasecmp(choice, chain[i].name) == 0;

		links |= is_meant ? 1u << i : 0;
	}
	return links;
}

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	const struct fleet_config_credential *credential = context->credential;
	struct fleet_credential_context with = *context;
	struct fleet_config_credential who = *credential;
	struct fleet_buf tried;
	char choice[64];
	unsigned links;
	int rc = FLEET_E_NOTFOUND;

	read_choice(choice, sizeof(choice));
	links = links_of(choice);
	if (!links)
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "credential %s (%s): AZURE_TOKEN_CREDENTIALS is \"%s\"; "
				       "allowed: prod, dev, EnvironmentCredential, "
				       "WorkloadIdentityCredential, ManagedIdentityCredential, "
				       "AzureCliCredential",
				       credential->name, credential->where, choice);
	fleet_buf_init(&tried, 1200);
	with.credential = &who;
	/* One that is asked for by its name is not looked for. */
	with.is_chained = (links & (links - 1)) != 0;
	for (size_t i = 0; rc == FLEET_E_NOTFOUND && i < CHAIN_COUNT; i++) {
		struct fleet_error why = {.code = FLEET_OK};
		char prefix[200];
		size_t skip;

		if (!(links & 1u << i))
			continue;
		who.type = chain[i].type->name;
		/* The SDKs take a managed identity's id from here too. */
		who.client_id = chain[i].type == &fleet_credential_managed_identity
					? fleet_credential_variable("AZURE_CLIENT_ID")
					: "";
		rc = fleet_credential_try(chain[i].type, &with, token, ret_life_s, &why);
		if (rc && rc != FLEET_E_NOTFOUND && error)
			*error = why;
		(void)snprintf(prefix, sizeof(prefix), "credential %s (%s): ", credential->name,
			       credential->where);
		skip = strncmp(why.message, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
		if (rc == FLEET_E_NOTFOUND)
			(void)fleet_buf_addf(&tried, "%s%s: %.150s", tried.len > 0 ? "; " : "",
					     who.type, why.message + skip);
	}
	if (rc == FLEET_E_NOTFOUND) {
		(void)fleet_error_set(error, FLEET_E_NOTFOUND,
				      "credential %s (%s): no credential was found: %s",
				      credential->name, credential->where, fleet_buf_text(&tried));
		fleet_error_hint(error, "for a monitoring host name the one that is meant in the "
					"configuration, by its type");
	}
	fleet_buf_finish(&tried);
	return rc;
}

const struct fleet_credential_type fleet_credential_default = {
	.name = "default",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = true,
	.environment = environment,
};
