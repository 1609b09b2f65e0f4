"""visitor.py NAME SEED: a hostile visitor of a crowd's server, one nonsense after another.

Prints a line of JSON for each second with how often it did what, until it is killed. Whatever the
server does with it: it must serve the others on. Nothing here knows the library.
"""

import array
import fcntl
import json
import mmap
import os
import random
import socket
import struct
import sys
import time

ADD_SEALS = 1033
SEALS = 0x2 | 0x4 | 0x10 | 0x1  # SHRINK, GROW, FUTURE_WRITE, SEAL
SERVICE = 9
RING = 4096
MEMORY = 2 * RING
PATIENCE_S = 3

name, seed = sys.argv[1:]
chance = random.Random(int(seed))
# The whole of the address, zeros included, as corosync has it.
ADDRESS = ("\0" + name).ljust(108, "\0")


def call():
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(PATIENCE_S)
    peer.connect(ADDRESS)
    return peer


def hello(service=SERVICE):
    body = struct.pack("<8sHHIQQQI", b"coroipcN", 2, 2, service, RING, RING, RING, 8)
    return body.ljust(64, b"\0")


def memory():
    """Sealed as it has to be, and a view that still writes to it, as a client has."""
    fd = os.memfd_create("visitor", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.posix_fallocate(fd, 0, MEMORY)
    view = mmap.mmap(fd, MEMORY)
    fcntl.fcntl(fd, ADD_SEALS, SEALS)
    return fd, view


def connected():
    """A connection in order, until here."""
    peer = call()
    peer.sendall(hello())
    peer.recvmsg(64, socket.CMSG_SPACE(4))
    fd, view = memory()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
    peer.sendmsg([b"coroipcA" + bytes(8)], rights)
    os.close(fd)
    peer.recv(16)
    return peer, view


def garbage():
    with call() as peer:
        peer.sendall(chance.randbytes(chance.randrange(1, 2000)))
        peer.recv(4096)


def half_handshake():
    with call() as peer:
        peer.sendall(hello()[: chance.randrange(64)])
        time.sleep(chance.random() / 5)


def no_memory():
    with call() as peer:
        peer.sendall(hello())
        peer.recvmsg(64, socket.CMSG_SPACE(4))
        peer.sendall(b"coroipcA" + bytes(8))
        peer.recv(16)


def pipe_as_memory():
    with call() as peer:
        peer.sendall(hello())
        peer.recvmsg(64, socket.CMSG_SPACE(4))
        ends = os.pipe()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", ends))]
        peer.sendmsg([b"coroipcA" + bytes(8)], rights)
        for end in ends:
            os.close(end)
        peer.recv(16)


def classic_lies():
    """A setup of 304 bytes that names files which are none, or not the caller's to give."""
    paths = [b"/dev/shm/../../etc/passwd", b"/dev/shm/nothing", b"/etc/shadow", b"relative"]
    setup = struct.pack("<Q", SERVICE)
    setup += b"".join(chance.choice(paths).ljust(64, b"\0") for _ in range(4))
    setup += struct.pack("<5Q", 0, 8192, RING, RING, RING)
    with call() as peer:
        peer.sendall(setup[:304].ljust(304, b"\0"))
        peer.recv(64)


def flood():
    """Many callers at once that say nothing, or the same half of something."""
    peers = []
    try:
        for _ in range(64):
            peer = call()
            if chance.random() < 0.5:
                peer.sendall(hello()[:8])
            peers.append(peer)
    finally:
        for peer in peers:
            peer.close()


def garbage_in_memory():
    """Whatever the words in the ring and its head can be, with a ring of the bell for each."""
    peer, view = connected()
    with peer, view:
        for _ in range(50):
            at = chance.choice([0, 64, 128, 512, 4096, 4096, 4104]) + 8 * chance.randrange(2)
            view[at : at + 8] = chance.choice([chance.randbytes(8), struct.pack("<Q", 64)])
            peer.sendall(b"\1")


def garbage_on_socket():
    peer, view = connected()
    with peer, view:
        for _ in range(20):
            peer.sendall(chance.randbytes(chance.randrange(1, 64)))


def flood_of_bells():
    peer, view = connected()
    with peer, view:
        for _ in range(200):
            peer.sendall(b"\1" * 100)


def unknown_request():
    """A request in order for a handler whose connection has not begun, and then none of its answer."""
    peer, view = connected()
    with peer, view:
        record = struct.pack("<IIQ", 16 + 16 + 8, 0, 1) + struct.pack("<iiiiQ", 24, 0, 1, 0, 7)
        view[4096 : 4096 + len(record)] = record
        view[0:8] = struct.pack("<Q", 40)
        peer.sendall(b"\1")
        time.sleep(chance.random() / 10)


ACTS = [
    garbage,
    half_handshake,
    no_memory,
    pipe_as_memory,
    classic_lies,
    flood,
    garbage_in_memory,
    garbage_on_socket,
    flood_of_bells,
    unknown_request,
]

done = {act.__name__: 0 for act in ACTS}
told = time.monotonic()
while True:
    act = chance.choice(ACTS)
    try:
        act()
    except OSError:
        # The server hung up on it, or had its backlog full: that is its good right.
        pass
    done[act.__name__] += 1
    if time.monotonic() - told >= 1:
        told = time.monotonic()
        print(json.dumps(done), flush=True)
    time.sleep(chance.random() / 5)
