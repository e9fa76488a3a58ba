// Licensed to the Apache Software Foundation (ASF) under the Apache License,
// Version 2.0; see the files LICENSE and NOTICE at the top of this repository.

// sigstore.mjs NPM_FOLDER OUT_FOLDER ISSUER
//
// Sigstore on loopback by code of Sigstore's own people, @sigstore/mock: Fulcio
// and Rekor (version 1) on one port. Certificates are made for tokens that ISSUER
// has signed (its keys are at ISSUER/jwks), and say that GitHub did. Writes
// trust_config.json into OUT_FOLDER and then says "ready URL"; ends with its
// standard input. The log's trees have one leaf each.
//
// What the mock lacks is made up for here: it takes any token, only PEM for a
// signing request, and keeps the whole envelope where Rekor keeps hashes.
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [npm, out, issuer] = process.argv.slice(2);
const require = createRequire(pathToFileURL(path.join(npm, 'node_modules', 'x.js')));
const { fulcioHandler, initializeCA, initializeCTLog, initializeTLog, rekorHandler } = require('@sigstore/mock');
const jose = require('jose');

const GITHUB = 'https://token.actions.githubusercontent.com';
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest();
const newKey = () => crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

function readAll(request) {
  return new Promise((done, failed) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => done(Buffer.concat(chunks)));
    request.on('error', failed);
  });
}

const server = http.createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const base = `http://127.0.0.1:${server.address().port}`;

const certificateLog = await initializeCTLog(newKey());
const authority = await initializeCA(newKey(), certificateLog);
const log = await initializeTLog(base, newKey());
const fulcio = fulcioHandler(authority, { strict: true, subjectClaim: 'subject_uri' });
const rekor = rekorHandler(log, { strict: true });
const jwks = jose.createRemoteJWKSet(new URL(`${issuer}/jwks`));

const start = new Date(Date.now() - 5 * 60_000).toISOString();
const service = (url) => ({ url, majorApiVersion: 1, validFor: { start }, operator: 'mock' });
const trustedLog = (key, url) => ({
  baseUrl: url,
  hashAlgorithm: 'SHA2_256',
  publicKey: { rawBytes: base64(key), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: { start } },
  logId: { keyId: base64(sha256(key)) },
  operator: 'mock',
});
const configuration = {
  mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
  trustedRoot: {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [trustedLog(log.publicKey, base)],
    certificateAuthorities: [{
      subject: { organization: 'mock', commonName: 'mock' },
      uri: base,
      certChain: { certificates: [{ rawBytes: base64(authority.rootCertificate) }] },
      validFor: { start },
      operator: 'mock',
    }],
    ctlogs: [trustedLog(certificateLog.publicKey, `${base}/ct`)],
    timestampAuthorities: [],
  },
  signingConfig: {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(base)],
    oidcUrls: [service(issuer)],
    rekorTlogUrls: [service(base)],
    tsaUrls: [],
    rekorTlogConfig: { selector: 'ANY' },
    tsaConfig: { selector: 'ANY' },
  },
};
fs.writeFileSync(path.join(out, 'trust_config.json'), JSON.stringify(configuration, null, 1));

async function certify(request, body) {
  const asked = JSON.parse(body);
  const bearer = (request.headers.authorization || '').replace(/^bearer /i, '');
  const token = asked.credentials?.oidcIdentityToken || bearer;
  let claims;
  try {
    ({ payload: claims } = await jose.jwtVerify(token, jwks, { issuer, audience: 'sigstore' }));
  } catch (error) {
    const message = `There was an error processing the identity token: ${error.message}`;
    return { statusCode: 400, response: JSON.stringify({ code: 3, message }) };
  }
  claims.subject_uri = `https://github.com/${claims.job_workflow_ref}`;
  claims.iss = GITHUB;
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = `${part({ alg: 'none' })}.${part(claims)}.`;
  const csr = asked.certificateSigningRequest;
  if (csr && !csr.includes('BEGIN')) {
    asked.certificateSigningRequest = Buffer.from(csr, 'base64').toString();
  }
  return fulcio.fn(JSON.stringify({ ...asked, credentials: { oidcIdentityToken: unsigned } }));
}

async function record(body) {
  const asked = JSON.parse(body);
  if (asked.kind !== 'dsse') {
    return rekor.fn(body.toString());
  }
  const { envelope, verifiers } = asked.spec.proposedContent;
  const parsed = JSON.parse(envelope);
  const hash = (bytes) => ({ algorithm: 'sha256', value: sha256(bytes).toString('hex') });
  const spec = {
    envelopeHash: hash(envelope),
    payloadHash: hash(Buffer.from(parsed.payload, 'base64')),
    signatures: parsed.signatures.map((one, place) => ({ signature: one.sig, verifier: verifiers[place] })),
  };
  return rekor.fn(JSON.stringify({ apiVersion: asked.apiVersion, kind: 'dsse', spec }));
}

server.on('request', async (request, response) => {
  let answer = { statusCode: 404, response: '{"code":404,"message":"not found"}' };
  try {
    const body = await readAll(request);
    const asked = `${request.method} ${new URL(request.url, base).pathname}`;
    if (asked === 'POST /api/v2/signingCert') {
      answer = await certify(request, body);
    } else if (asked === 'POST /api/v1/log/entries') {
      answer = await record(body);
    }
  } catch (error) {
    answer = { statusCode: 500, response: JSON.stringify({ code: 13, message: String(error.stack) }) };
  }
  response.writeHead(answer.statusCode, { 'Content-Type': answer.contentType || 'application/json' });
  response.end(answer.response);
});

// The parent holds the other end: when it goes, so do we.
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
console.log(`ready ${base}`);
