// The certified relying party openid-client, as an application of the server that standard input names.
// It says each thing on a line of its own, and hears the callback and what a browser has done on standard input.
import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

globalThis.crypto ??= webcrypto; // Node.js 18 has it under another name

const require = createRequire(process.env.FOREIGN_NODE + "/package.json");
const oidc = await import(pathToFileURL(require.resolve("openid-client")));

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const hear = async () => JSON.parse((await lines.next()).value);
const say = (document) => process.stdout.write(JSON.stringify(document) + "\n");
const refusal = async (promise) => {
  try {
    await promise;
    return null;
  } catch (error) {
    return { error: error.error ?? null, code: error.code ?? null, status: error.status ?? null };
  }
};

const task = await hear();
// Plain http is for this machine only.
const options = { execute: [oidc.allowInsecureRequests] };
const discover = (id, secret, authentication) =>
  oidc.discovery(new URL(task.base_url), id, undefined, authentication(secret), options);
const application = await discover(task.client_id, task.client_secret, oidc.ClientSecretBasic);

const begin = async (extra = {}) => {
  const verifier = oidc.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
  const url = oidc.buildAuthorizationUrl(application, {
    redirect_uri: task.redirect_uri,
    scope: "openid profile email offline",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...extra,
  });
  return { url: url.href, checks };
};

const first = await begin();
say({ visit: first.url });
const callback = new URL((await hear()).callback);

// An answer that names another issuer, or none, is refused before any code is sent.
const foreign = new URL(callback);
foreign.searchParams.set("iss", "https://evil.example");
const nameless = new URL(callback);
nameless.searchParams.delete("iss");
const mixed_up = [];
for (const url of [foreign, nameless]) {
  mixed_up.push(await refusal(oidc.authorizationCodeGrant(application, url, first.checks)));
}

const tokens = await oidc.authorizationCodeGrant(application, callback, first.checks);
const claims = tokens.claims();
const userinfo = await oidc.fetchUserInfo(application, tokens.access_token, claims.sub);
const active = await oidc.tokenIntrospection(application, tokens.access_token);

const rotated = await oidc.refreshTokenGrant(application, tokens.refresh_token);
const latest = await oidc.refreshTokenGrant(application, rotated.refresh_token);
const refreshed = { same_subject: latest.claims().sub === claims.sub, is_new: latest.refresh_token !== tokens.refresh_token };

await oidc.tokenRevocation(application, latest.access_token);
const revoked = await oidc.tokenIntrospection(application, latest.access_token);
const userinfo_revoked = await refusal(oidc.fetchUserInfo(application, latest.access_token, claims.sub));

const reused = await refusal(oidc.refreshTokenGrant(application, tokens.refresh_token));
const family = await refusal(oidc.refreshTokenGrant(application, latest.refresh_token));
const replayed = await refusal(oidc.authorizationCodeGrant(application, callback, first.checks));

// A silent request that fails is an answer with an error, which names its issuer too.
const silent = await begin({ prompt: "none" });
say({ visit: silent.url });
const denied = await refusal(oidc.authorizationCodeGrant(application, new URL((await hear()).callback), silent.checks));

const machine = await discover(task.m2m_client_id, task.m2m_client_secret, oidc.ClientSecretPost);
const granted = await oidc.clientCredentialsGrant(machine, { scope: "read:users", audience: task.audience });
const refused = await refusal(oidc.clientCredentialsGrant(machine, { scope: "read:users root" }));

say({
  found: {
    claims,
    userinfo,
    active,
    refreshed,
    revoked,
    userinfo_revoked,
    reused,
    family,
    replayed,
    mixed_up,
    denied,
    machine: { scope: granted.scope, expires_in: granted.expires_in },
    refused,
    logout: oidc.buildEndSessionUrl(application, {
      post_logout_redirect_uri: task.after_logout,
      id_token_hint: tokens.id_token,
      state: "bye",
    }).href,
  },
});
process.exit(0);
