"""Prints "FILE FINGERPRINT" for every scenario named, run by the Python module on two threads of one process.

Two simulations are always in flight together: a global or a shared stream anywhere shows as a fingerprint that
differs from the command line's.
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import brokersim


def fingerprint(path):
    try:
        return brokersim.run(path).fingerprint
    except Exception as error:  # one broken scenario must not hide the others
        return f"ERROR({type(error).__name__})"


with ThreadPoolExecutor(max_workers=2) as pool:
    for path, value in zip(sys.argv[1:], pool.map(fingerprint, sys.argv[1:])):
        print(path, value)
