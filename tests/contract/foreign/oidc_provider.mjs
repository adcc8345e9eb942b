// The certified OpenID provider `oidc-provider`, as its authors publish it, with one client and one person.
//
// The argument is a JSON document: {"client_id", "client_secret", "auth_method", "redirect_uri", "home"}. It listens on a
// free port of loopback, prints its address, and signs Ada in and grants what is asked without a page.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// Not every Node.js 20 has it.
URL.parse ??= (...given) => (URL.canParse(...given) ? new URL(...given) : null);

const require = createRequire(process.env.FOREIGN_NODE + "/package.json");
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));
const task = JSON.parse(process.argv[2]);
const ADA = { sub: "ada", email: "ada@example.com", email_verified: true, name: "Ada Lovelace", given_name: "Ada" };

const server = createServer((request, response) => handle(request, response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: task.client_id,
      client_secret: task.client_secret,
      token_endpoint_auth_method: task.auth_method,
      redirect_uris: [task.redirect_uri],
      post_logout_redirect_uris: [task.home],
      grant_types: ["authorization_code", "refresh_token"],
      application_type: "native", // may come back to loopback
    },
  ],
  clientAuthMethods: [task.auth_method],
  cookies: { keys: ["a secret of the tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "given_name"] },
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  pkce: { required: () => true },
  findAccount: () => ({ accountId: ADA.sub, claims: () => ADA }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});

provider.use(async (context, next) => {
  if (!context.path.startsWith("/interaction/")) return next();
  const { prompt, params } = await provider.interactionDetails(context.req, context.res);
  const result = {};
  if (prompt.name === "login") result.login = { accountId: ADA.sub };
  if (prompt.name === "consent") {
    const grant = new provider.Grant({ accountId: ADA.sub, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    result.consent = { grantId: await grant.save() };
  }
  context.respond = false;
  return provider.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: true });
});

const handle = provider.callback();
process.stdout.write(`${issuer}\n`);
process.stdin.resume().on("end", () => process.exit(0)); // ends with the test that started it
