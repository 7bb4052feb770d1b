// A plain OpenID Connect provider, at the paths of a Cognito domain.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [issuer, clientId, callback, port, federated] = process.argv.slice(2);
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      client_secret: "s3cret",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    },
  ],
  clientDefaults: { id_token_signed_response_alg: "RS256" },
  conformIdTokenClaims: false,
  scopes: ["openid", "offline_access", "email"],
  claims: { openid: ["sub"], email: ["email"] },
  pkce: { required: () => !federated },  // Cognito sends no challenge to its providers
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.org` }),
  }),
  cookies: { keys: ["test"] },
  routes: {
    authorization: "/oauth2/authorize",
    token: "/oauth2/token",
    userinfo: "/oauth2/userInfo",
    jwks: "/eu-west-1_Abc123/.well-known/jwks.json",
  },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: !federated,
      defaultResource: () => "https://api.example.com",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "email",
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
const server = createServer(provider.callback());
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
