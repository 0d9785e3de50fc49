/* SPDX-License-Identifier: MIT */
/* Puts together what was found of the monitoring itself: first what costs nothing, then the
 * service.
 */
#include <string.h>

#include "credential.h"
#include "model.h"
#include "self_private.h"

const char *fleet_self_keep(struct fleet_self *self, const char *text)
{
	return fleet_arena_text(&self->arena, text, strlen(text));
}

struct fleet_self_finding fleet_self_found(struct fleet_self *self, enum fleet_self_state state,
					   const struct fleet_error *error)
{
	struct fleet_self_finding finding = {.state = state, .message = "", .hint = ""};
	const char *message, *hint;

	if (!error)
		return finding;
	finding.code = error->code;
	message = fleet_self_keep(self, error->message);
	hint = fleet_self_keep(self, error->hint);
	finding.message = message ? message : "no memory is left to say what";
	finding.hint = hint ? hint : "";
	return finding;
}

/* One that cannot be read fails to sign in, which says why. */
static int64_t certificate_expires_s(const struct fleet_config_credential *credential)
{
	const struct fleet_credential_type *type = fleet_credential_type(credential->type);
	int64_t expires_s = 0;

	if (!type || !type->expiry || type->expiry(credential, &expires_s, NULL) || !expires_s)
		return FLEET_ABSENT;
	return expires_s;
}

static void begin_identity(struct fleet_self *self,
			   const struct fleet_config_credential *credential, const char *use,
			   struct fleet_self_identity *identity)
{
	const char *name = fleet_self_keep(self, credential->name);
	const char *principal = fleet_self_keep(
		self, *credential->client_id ? credential->client_id : credential->object_id);

	memset(identity, 0, sizeof(*identity));
	identity->use = use;
	identity->name = name ? name : "";
	identity->principal = principal ? principal : "";
	identity->token = identity->service = identity->rights =
		fleet_self_found(self, FLEET_SELF_UNKNOWN, NULL);
	identity->token_expires_s = identity->read_s = identity->skew_s = FLEET_ABSENT;
	identity->certificate_expires_s = certificate_expires_s(credential);
	identity->reads_left = FLEET_ABSENT;
}

/* Could nobody be reached on the way that IDENTITY took? */
static bool is_cut_off(const struct fleet_self_identity *identity)
{
	return identity->service.state == FLEET_SELF_BAD &&
	       (identity->service.code == FLEET_E_NETWORK ||
		identity->service.code == FLEET_E_TIMEOUT);
}

static int look_at_identities(const struct fleet_self_how *how, struct fleet_self *self)
{
	const struct fleet_config_credential *operator= how->fleet->operator;
	struct fleet_self_identity *identities =
		fleet_arena_alloc(&self->arena, 2, sizeof(*identities));

	if (!identities)
		return FLEET_E_NOMEM;
	begin_identity(self, how->fleet->reader, "reader", &identities[0]);
	fleet_self_ask(how, self, how->fleet->reader, &identities[0]);
	self->identities = identities;
	self->identity_count = 1;
	if (!operator)
		return 0;
	self->identity_count = 2;
	if (operator== how->fleet->reader) {
		identities[1] = identities[0];
		identities[1].use = "operator";
		return 0;
	}
	begin_identity(self, operator, "operator", &identities[1]);
	if (is_cut_off(&identities[0]))
		identities[1].token = identities[1].service = identities[1].rights =
			fleet_self_found(
				self, FLEET_SELF_UNKNOWN,
				&(struct fleet_error){
					.code = identities[0].service.code,
					.message = "not asked: nobody answered the reader"});
	else
		fleet_self_ask(how, self, operator, & identities[1]);
	return 0;
}

int fleet_self_gather(const struct fleet_self_how *how, struct fleet_self **ret_self,
		      struct fleet_error *error)
{
	struct fleet_self *self = fleet_self_new();
	int rc = self ? 0 : FLEET_E_NOMEM;

	if (!rc) {
		self->version = PACKAGE_VERSION;
		self->config_path = fleet_self_keep(self, how->config->path);
		rc = self->config_path ? 0 : FLEET_E_NOMEM;
	}
	if (!rc)
		rc = fleet_self_look_at_modules(how, self);
	if (!rc)
		rc = fleet_self_look_at_config(how, self);
	if (!rc)
		rc = fleet_self_look_at_lists(how, self);
	if (!rc)
		fleet_self_look_at_state(how, self);
	if (!rc)
		fleet_self_look_at_worker(how, self);
	if (!rc)
		rc = look_at_identities(how, self);
	if (rc) {
		fleet_self_free(self);
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory to look at the monitoring");
	}
	*ret_self = self;
	return 0;
}
