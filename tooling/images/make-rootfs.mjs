import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

// Run in an image that has Node: lays out, below the directory that is given, the least that Node and Envoy need to run.

const USER = 10_001;
/** Loaded by name when they are needed, by the C library (names of hosts) or by Envoy. */
const LOADED_LATER = /^(libnss_dns|libnss_files|libresolv|libpthread|libdl|librt|libm)\.so\.\d+$/;
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

const target = process.argv[2];
if (!target) throw new Error('usage: make-rootfs.mjs DIRECTORY');

copy(process.execPath, '/usr/local/bin/node');
// The loader has its place in the head of each program; it looks for libraries in /lib, whatever the architecture.
for (const file of librariesOfNode()) copy(file, basename(file).startsWith('ld-linux') ? file : join('/lib', basename(file)));
if (existsSync(CERTIFICATES)) copy(CERTIFICATES, CERTIFICATES);

write('/etc/passwd', `root:x:0:0:root:/root:/sbin/nologin\nmesh:x:${USER}:${USER}:mesh:/var/lib/mesh:/sbin/nologin\n`);
write('/etc/group', `root:x:0:\nmesh:x:${USER}:\n`);
write('/etc/nsswitch.conf', 'hosts: files dns\n');
directory('/tmp', 0o1777);
directory('/var/lib/mesh', 0o700);
chownSync(join(target, '/var/lib/mesh'), USER, USER);

/** What this process has loaded, with the loader itself, and what stands beside the C library for later. */
function librariesOfNode() {
  const loaded = process.report.getReport().sharedObjects.filter((path) => path.startsWith('/'));
  const libc = loaded.find((path) => /\/libc\.so\.6$/.test(path));
  if (!libc) throw new Error('the Node of this image is not linked with glibc; use one that is, such as node:24-slim');
  const later = readdirSync(dirname(libc))
    .filter((name) => LOADED_LATER.test(name))
    .map((name) => join(dirname(libc), name));
  return new Set([...loaded.filter((path) => path !== process.execPath && existsSync(path)), ...later]);
}

function copy(from, to) {
  const path = join(target, to);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(from, path);
}

function write(path, text) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), text);
}

function directory(path, mode) {
  mkdirSync(join(target, path), { recursive: true });
  chmodSync(join(target, path), mode);
}
