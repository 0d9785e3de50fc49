// SPDX-License-Identifier: MIT
// The flows of the official SDK against the simulator: what works with the
// service's own client library must work here, over TLS and with real tokens.
// Arguments: scenario file (for the identity), and "sync" or "async" (the
// actions then answer 202 and the SDK polls).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { ContainerServiceFleetClient } from "@azure/arm-containerservicefleet";
import { createDefaultHttpClient, createPipelineRequest } from "@azure/core-rest-pipeline";
import { ClientSecretCredential } from "@azure/identity";

const base = process.env.FLEETSIM_URL;
const { identity } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const asynchronous = process.argv[3] === "async";
const subscription = "00000000-0000-0000-0000-000000000000";
const group = "rg1";
const fleet = "fleet1";
const gatesVersion = "2026-06-01";

const credential = new ClientSecretCredential(
	identity.tenant,
	identity.client_id,
	identity.client_secret,
	{ authorityHost: base, disableInstanceDiscovery: true },
);
const client = new ContainerServiceFleetClient(credential, subscription, {
	endpoint: base,
	retryOptions: { maxRetries: 0 },
});
const poll = { updateIntervalInMs: 20 };

async function control(method, path, body) {
	const answer = await fetch(`${base}/_sim/${path}`, {
		method,
		body: body && JSON.stringify(body),
	});

	assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
	return answer.status === 204 ? null : answer.json();
}

async function collect(pages) {
	const items = [];

	for await (const item of pages)
		items.push(item);
	return items;
}

// What the released SDK has no method for yet goes through its own pipeline.
async function request(method, path, body) {
	const answer = await client.pipeline.sendRequest(
		createDefaultHttpClient(),
		createPipelineRequest({
			url:
				`${base}/subscriptions/${subscription}/resourceGroups/${group}/providers/` +
				`Microsoft.ContainerService/fleets/${fleet}${path}` +
				`${path.includes("?") ? "&" : "?"}api-version=${gatesVersion}`,
			method,
			body: body && JSON.stringify(body),
			headers: undefined,
		}),
	);

	assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.bodyAsText}`);
	return answer.bodyAsText ? JSON.parse(answer.bodyAsText) : null;
}

async function state(run) {
	const answer = await client.updateRuns.get(group, fleet, run);

	return answer.properties.status.status.state;
}

async function reading() {
	const byGroup = await collect(client.fleets.listByResourceGroup(group));
	const bySubscription = await collect(client.fleets.listBySubscription());

	assert.deepEqual(byGroup.map((f) => f.name), [fleet]);
	assert.equal(bySubscription.length, byGroup.length);
	assert.equal((await client.fleets.get(group, fleet)).location, "westus");
	assert.equal((await collect(client.fleetMembers.listByFleet(group, fleet))).length, 12);
	assert.ok((await collect(client.operations.list())).length > 0);
	await assert.rejects(client.updateRuns.get(group, fleet, "nosuch"), (error) => {
		assert.equal(error.statusCode, 404);
		assert.equal(error.code, "ResourceNotFound");
		return true;
	});
}

async function members() {
	const created = await client.fleetMembers.create(group, fleet, "spare", {
		properties: {
			clusterResourceId:
				`/subscriptions/${subscription}/resourceGroups/clusters/providers/` +
				"Microsoft.ContainerService/managedClusters/spare",
			group: "test-a",
		},
	}, poll);

	assert.equal(created.properties.provisioningState, "Succeeded");
	const updated = await client.fleetMembers.updateAsync(group, fleet, "spare", {
		properties: { group: "prod-a" },
	}, poll);

	assert.equal(updated.properties.group, "prod-a");
	await client.fleetMembers.delete(group, fleet, "spare", poll);
	assert.equal((await collect(client.fleetMembers.listByFleet(group, fleet))).length, 12);
}

async function strategies() {
	const strategy = {
		stages: [{ name: "one", groups: [{ name: "test-a" }], afterStageWaitInSeconds: 60 }],
	};
	const created = await client.fleetUpdateStrategies.createOrUpdate(group, fleet, "sdk", {
		properties: { strategy },
	}, poll);

	assert.equal(created.properties.strategy.stages[0].name, "one");
	assert.equal((await collect(client.fleetUpdateStrategies.listByFleet(group, fleet))).length, 2);
	return created.id;
}

async function runs(strategyId) {
	const created = await client.updateRuns.createOrUpdate(group, fleet, "sdk", {
		properties: {
			updateStrategyId: strategyId,
			managedClusterUpdate: {
				upgrade: { type: "Full", kubernetesVersion: "1.34.4" },
				nodeImageSelection: { type: "Latest" },
			},
		},
	}, poll);

	assert.equal(created.properties.status.status.state, "NotStarted");
	assert.ok(created.eTag.startsWith('"') && created.eTag.endsWith('"'));
	await client.updateRuns.start(group, fleet, "sdk", { ...poll, ifMatch: created.eTag });
	assert.equal(await state("sdk"), "Running");
	await assert.rejects(
		async () => client.updateRuns.stop(group, fleet, "sdk", { ...poll, ifMatch: created.eTag }),
		(error) => Number(error.statusCode) === 412,
	);
	const skipped = await client.updateRuns.skip(group, fleet, "sdk", {
		targets: [{ type: "Member", name: "test-a-3" }],
	}, poll);
	const seen = skipped.properties.status.stages[0].groups[0].members[2];

	assert.equal(seen.status.state, "Skipped");
	await client.updateRuns.stop(group, fleet, "sdk", poll);
	assert.match(await state("sdk"), /^Stop/);
	await control("POST", "clock", { step_s: 3600 });
	assert.equal(await state("sdk"), "Stopped");
	await client.updateRuns.start(group, fleet, "sdk", poll);
	await control("POST", "clock", { step_s: 86400 });
	assert.equal(await state("sdk"), "Completed");
	await assert.rejects(
		async () => client.updateRuns.start(group, fleet, "sdk", poll),
		(error) => Number(error.statusCode) === 409,
	);
	assert.equal((await collect(client.updateRuns.listByFleet(group, fleet))).length, 2);
	await client.updateRuns.delete(group, fleet, "sdk", poll);
	assert.equal((await collect(client.updateRuns.listByFleet(group, fleet))).length, 1);
}

async function profiles() {
	const profile = await client.autoUpgradeProfiles.createOrUpdate(group, fleet, "sdk", {
		properties: { channel: "Stable", nodeImageSelection: { type: "Consistent" } },
	}, poll);

	assert.equal(profile.properties.channel, "Stable");
	const answer = await client.autoUpgradeProfileOperations.generateUpdateRun(
		group, fleet, "sdk", poll);
	const list = await collect(client.updateRuns.listByFleet(group, fleet));
	const run = list.find((r) => r.name.startsWith("auto-sdk-stable-"));

	assert.ok(run);
	if (!asynchronous)
		assert.equal(answer.id, run.id);
	assert.ok(run.properties.autoUpgradeProfileId.endsWith("/autoUpgradeProfiles/sdk"));
	await client.autoUpgradeProfiles.delete(group, fleet, "sdk", poll);
}

async function gates() {
	await request("PUT", "/updateRuns/gated", {
		properties: {
			strategy: {
				stages: [{
					name: "one",
					beforeGates: [{ displayName: "look first", type: "Approval" }],
					groups: [{ name: "prod-a" }],
				}],
			},
			managedClusterUpdate: { upgrade: { type: "NodeImageOnly" } },
		},
	});
	await client.updateRuns.start(group, fleet, "gated", poll);
	assert.equal(await state("gated"), "Pending");
	const list = await request("GET", "/gates?$filter=state%20eq%20Pending");

	assert.equal(list.value.length, 1);
	assert.equal(list.value[0].properties.displayName, "look first");
	await request("PATCH", `/gates/${list.value[0].name}`, { properties: { state: "Completed" } });
	if (asynchronous)
		await control("POST", "clock", { step_s: 60 });
	assert.equal(await state("gated"), "Running");
}

// Fast, so that long-running operations end while the SDK polls them.
await control("POST", "clock", { factor: 20 });
await reading();
await members();
const strategyId = await strategies();

await runs(strategyId);
await profiles();
await gates();
const starts = await control("GET", "requests?count=1&method=POST&path_contains=/start");

assert.equal(starts.effective, 3);
console.log(`sdk flows (${asynchronous ? "202 and polling" : "200 at once"}): all right`);
