#!/usr/bin/env python3
"""Rebuilds envoy.binpb.gz: the part of the Envoy API that this repository uses, as a FileDescriptorSet.

Needed only to follow a new Envoy API; a build needs neither Python nor a network.

    python3 -m pip download --no-deps --dest /tmp xds-protos==1.85.0
    python3 tooling/proto/build-image.py /tmp/xds_protos-1.85.0-py3-none-any.whl

The wheel carries each .proto as a serialized FileDescriptorProto, the argument of
AddSerializedFile in its Python module. They are taken out without running the modules; the
files of envoy-roots.txt and all that they import are kept. google/protobuf/* comes from buf.
"""

import ast
import gzip
import pathlib
import sys
import zipfile

HERE = pathlib.Path(__file__).parent


def serialized_file(source):
    """The bytes literal given to AddSerializedFile in a generated module, or None."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "AddSerializedFile":
            return ast.literal_eval(node.args[0])
    return None


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def strings_of(data, wanted):
    """The values of the length-delimited field `wanted` of a message."""
    at, found = 0, []
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            _, at = varint(data, at)
            continue
        if tag & 7 != 2:
            raise ValueError(f"wire type {tag & 7} in a FileDescriptorProto")
        size, at = varint(data, at)
        if tag >> 3 == wanted:
            found.append(data[at : at + size].decode())
        at += size
    return found


def read_wheel(path):
    files = {}
    with zipfile.ZipFile(path) as wheel:
        for entry in wheel.namelist():
            if entry.endswith("_pb2.py"):
                data = serialized_file(wheel.read(entry))
                if data is not None:
                    files[strings_of(data, 1)[0]] = data
    return files


def closure(files, roots):
    """Roots and what they import, each file after its imports."""
    ordered, seen = [], set()

    def visit(name):
        if name in seen or name.startswith("google/protobuf/"):
            return
        seen.add(name)
        if name not in files:
            raise SystemExit(f"{name} is not in the wheel")
        for dependency in strings_of(files[name], 3):
            visit(dependency)
        ordered.append(name)

    for root in roots:
        visit(root)
    return ordered


def encode_varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def main():
    files = read_wheel(sys.argv[1])
    lines = (HERE / "envoy-roots.txt").read_text().splitlines()
    roots = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    names = closure(files, roots)
    image = b"".join(b"\x0a" + encode_varint(len(files[name])) + files[name] for name in names)
    target = HERE / "envoy.binpb.gz"
    target.write_bytes(gzip.compress(image, 9, mtime=0))
    print(f"{target.name}: {len(names)} files, {len(image)} bytes, {target.stat().st_size} compressed")


if __name__ == "__main__":
    main()
