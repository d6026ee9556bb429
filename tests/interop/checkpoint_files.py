"""What the gguf and safetensors packages read from files that zeropoint wrote.

usage: checkpoint_files.py gguf FILE.gguf EXPECTED.safetensors     every tensor dequantizes to the expected one
       checkpoint_files.py safetensors FOLDER                      the header is the one that the library would write
"""
import pathlib
import sys

import numpy


def check_gguf(path, expected):
    import gguf
    from safetensors.numpy import load_file

    wanted = load_file(expected)
    reader = gguf.GGUFReader(path)
    types = set()
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1])
        assert numpy.array_equal(values, wanted.pop(tensor.name)), f"{tensor.name} ({tensor.tensor_type.name})"
        types.add(tensor.tensor_type.name)
    assert not wanted, f"missing: {sorted(wanted)}"
    print("same numbers:", *sorted(types))


def check_safetensors(folder):
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    for path in sorted(pathlib.Path(folder).glob("*.safetensors")):
        tensors = load_file(path)
        with safe_open(path, "numpy") as file:
            metadata = file.metadata()
        again = path.with_suffix(".again")
        save_file(tensors, again, metadata=metadata)
        assert again.read_bytes() == path.read_bytes(), f"{path.name} is not what the library writes"
        print("same file:", path.name, len(tensors), "tensors")


if __name__ == "__main__":
    {"gguf": check_gguf, "safetensors": check_safetensors}[sys.argv[1]](*sys.argv[2:])
