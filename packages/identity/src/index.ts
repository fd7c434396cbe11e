export {
  ADMIN_CLIENT_NAME,
  createSelfSignedServer,
  createSystemCa,
  ENVOY_ADMIN_CA,
  INTER_CP_CA,
  issueClientCertificate,
  issueServerCertificate,
  issueServerCertificateNow,
  readSystemCa,
  type SystemCertificateOptions,
} from './ca/admin.js';
export { type BuiltinCaOptions, builtinCaSecrets, type CaPair, createBuiltinCa, createRoot, type RootOptions } from './ca/builtin.js';
export { issueLeaf, issueLeafNow, type Leaf, type LeafRequest, leafNotAfter } from './ca/leaf.js';
export { loadMeshCa, type MeshCa } from './ca/mesh-ca.js';
export { checkProvidedCa } from './ca/provided.js';
export { ADMIN_USER_TOKEN, type DefaultGlobalSecretsOptions, defaultGlobalSecrets, defaultSecretsForMesh } from './secrets/defaults.js';
export { globalSecretDraft, secretContent, secretDraft } from './secrets/drafts.js';
export { isGeneratedSecret } from './secrets/generated.js';
export { type MeshSecretsHookOptions, meshSecretsHook } from './secrets/mesh-hook.js';
export { CONTROL_PLANE_USER } from './token/control-plane-user.js';
export { issueToken, type SignOptions, signToken, tokenKindOf } from './token/issue.js';
export {
  type DataplaneTokenCheck,
  type VerifiedUser,
  verifyDataplaneToken,
  verifyUserToken,
  verifyZoneToken,
  type ZoneTokenCheck,
} from './token/proxy-tokens.js';
export { concernsTokens, isRevocationList, isRevoked, revocationsName, withoutExpired } from './token/revocations.js';
export {
  findVerificationKey,
  hasSigningKey,
  latestSigningKey,
  newSigningKey,
  type SigningKey,
  signingKeyName,
  type TokenKind,
  zonePublicKeyName,
} from './token/signing-keys.js';
export { type StaticKey, type TokenSource, type VerifiedToken, verifyToken } from './token/verify.js';
export { privateKeyPem, readPrivateKey, readPublicKey, rsaPublicKeyPem, splitCertificates } from './x509/pem.js';
export { createSelfSigned, type SelfSignedOptions } from './x509/self-signed.js';
