"""Ports of servers that must be told theirs."""
import random
import socket

BUS = 10000     # a Redis Cluster's bus is that far above the port


def free_port():
    """Below the ports that the kernel gives to connections (32768 and up), so that nobody else is given it before the
    server listens; its bus is there too."""
    for port in random.sample(range(10000, 32768 - BUS), 1000):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise RuntimeError("no free port")
