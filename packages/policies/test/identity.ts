import type { ProxyIdentity } from '@mesh/xds';

const certPem = `-----BEGIN CERTIFICATE-----
MIIBfzCCASagAwIBAgIUO03y7Q3nABXHqghIAB2Ub8MrYZIwCgYIKoZIzj0EAwIw
ADAgFw0yNjExMjExMDM5NTdaGA8yMTI2MTAyODEwMzk1N1owADBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABFCOlaezVIfBwUTC1GXkCMQbQ4306VHLGhoXVlwoyoVr
q8fvjJHnEkMjEeuUh651nT4ts0QKE/S5T8GXHa24QiyjfDB6MB0GA1UdDgQWBBSH
PgOL1uiMovhnyobm2rK/RNeGOTAfBgNVHSMEGDAWgBSHPgOL1uiMovhnyobm2rK/
RNeGOTAPBgNVHRMBAf8EBTADAQH/MCcGA1UdEQQgMB6GHHNwaWZmZTovL2RlZmF1
bHQvZWNoby1zZXJ2ZXIwCgYIKoZIzj0EAwIDRwAwRAIgLIqVH1FSQGl1LlbApMnM
fYkv08im1x5e4pSDEuHKfAUCIBs9kPtGtinbg3IeEBT1/DNp6bpdtMtU0VMoBRLb
sb0d
-----END CERTIFICATE-----
`;

const keyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCvaibKa+S0vJk4S3
JSnivq1h4+kUfNyf+dYiuc/iwRGhRANCAARQjpWns1SHwcFEwtRl5AjEG0ON9OlR
yxoaF1ZcKMqFa6vH74yR5xJDIxHrlIeudZ0+LbNEChP0uU/Blx2tuEIs
-----END PRIVATE KEY-----
`;

/** A self-signed certificate of `spiffe://default/echo-server`, for tests only. */
export const testIdentity: ProxyIdentity = { certPem, keyPem, caPems: [certPem] };
