"""A wire that can be cut: a TUN device whose every packet is turned round, or not.

The device has the address LOCAL; whatever dials PEER is answered by what listens on LOCAL, as each packet is sent back with
its two addresses exchanged (which leaves all checksums as they are). So both ends of a connection are on this machine, and
every packet between them passes here: dropped, lost at random, or late, in each direction for itself. No part of the kernel
but TUN is needed, and the device goes with this process.

usage: hairpin.py DEVICE LOCAL PEER PORT
Reads lines `{"up": {"drop": false, "loss": 0.2, "delayMs": 200}, "down": {...}}` on its input; `up` is towards PORT.
Prints a line when the device is there, and one after each line read. Ends with its input.
"""

import collections
import fcntl
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLEAR = {"drop": False, "loss": 0, "delayMs": 0}


def main(device, local, peer, port):
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "address", "add", local, "peer", peer, "dev", device], check=True)
    subprocess.run(["ip", "link", "set", device, "up"], check=True)
    print("ready", flush=True)
    rules = {"up": CLEAR, "down": CLEAR}
    late = {"up": collections.deque(), "down": collections.deque()}
    while True:
        due = min((queue[0][0] for queue in late.values() if queue), default=None)
        wait = None if due is None else max(0, due - time.monotonic())
        readable, _, _ = select.select([tun, sys.stdin], [], [], wait)
        if sys.stdin in readable:
            line = sys.stdin.readline()
            if not line:
                return
            rules = {**rules, **json.loads(line)}
            print("set", flush=True)
        if tun in readable:
            take(os.read(tun, 65536), int(port), rules, late)
        now = time.monotonic()
        for queue in late.values():
            while queue and queue[0][0] <= now:
                os.write(tun, queue.popleft()[1])


def take(packet, port, rules, late):
    if packet[0] >> 4 != 4:
        return
    header = (packet[0] & 15) * 4
    way = "up" if struct.unpack("!H", packet[header + 2 : header + 4])[0] == port else "down"
    rule = {**CLEAR, **rules[way]}
    if rule["drop"] or random.random() < rule["loss"]:
        return
    turned = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
    late[way].append((time.monotonic() + rule["delayMs"] / 1000, turned))


main(*sys.argv[1:])
