"""GPTQ in NumPy, as the paper's algorithm 1 says it (Frantar et al. 2022): what zeropoint's is measured against.

    gptq_reference.py IN.npz OUT.npz BITS BLOCK_SIZE SYMMETRIC    IN: weight [rows, n], hessian [n, n]; BLOCK_SIZE 0: rows
                                                                  OUT: dequantized [rows, n], seconds
"""
import sys
import time

import numpy as np

LAZY = 128  # columns whose errors are handed on together
DAMPING = 0.01


def grid(w, bits, symmetric):
    """Scale and zero point per row of w, from its extremes."""
    top = 2**bits - 1
    low = np.minimum(w.min(axis=1), 0)
    high = np.maximum(w.max(axis=1), 0)
    if symmetric:
        high = np.maximum(-low, high)
        low = -high
    scale = (high - low) / np.float32(top)
    scale[scale == 0] = 1
    zero = np.full_like(scale, (top + 1) // 2) if symmetric else np.round(-low / scale)
    return scale, zero


def gptq(weight, hessian, bits, block_size, symmetric):
    w = weight.astype(np.float32).copy()
    rows, n = w.shape
    h = hessian.astype(np.float32).copy()
    h[np.diag_indices(n)] += np.float32(DAMPING) * np.mean(np.diag(h))
    factor = np.linalg.cholesky(np.linalg.inv(h)).T.copy()  # upper: H^-1 = U^T U
    group = block_size or n
    result = np.empty_like(w)
    top = np.float32(2**bits - 1)
    for begin in range(0, n, LAZY):
        end = min(begin + LAZY, n)
        errors = np.empty((rows, end - begin), np.float32)
        for c in range(begin, end):
            if c % group == 0:
                # Columns behind this lazy block still lack its errors: give them to the group now.
                ahead = w[:, c : c + group].copy()
                if c + group > end:
                    ahead[:, end - c :] -= errors[:, : c - begin] @ factor[begin:c, end : c + group]
                scale, zero = grid(ahead, bits, symmetric)
            q = np.clip(np.round(w[:, c] / scale) + zero, 0, top)
            result[:, c] = scale * (q - zero)
            error = (w[:, c] - result[:, c]) / factor[c, c]
            w[:, c:end] -= np.outer(error, factor[c, c:end])
            errors[:, c - begin] = error
        w[:, end:] -= errors @ factor[begin:end, end:]
    return result


def main():
    source, target, bits, block_size, symmetric = sys.argv[1:]
    arrays = np.load(source)
    begin = time.perf_counter()
    result = gptq(arrays["weight"], arrays["hessian"], int(bits), int(block_size), symmetric == "1")
    np.savez(target, dequantized=result, seconds=np.float64(time.perf_counter() - begin))


if __name__ == "__main__":
    main()
