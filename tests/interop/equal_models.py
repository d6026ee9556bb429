"""equal_models.py LIST: every line of LIST is "original<tab>copy"; are the two models equal, node by node?

Messages are compared whole: attributes, tensors and the field that holds their elements, types,
documentation, metadata. Ignored: whether an empty string is written or left out, whether the domain
of ONNX's own operators is "" or "ai.onnx", the order of opset imports and of value_info, and the order
of nodes where the original's is not topological.
"""
import sys

import onnx


def reads(node):
    """All names that a node reads, its subgraphs' included."""
    names = set(node.input)
    for attribute in node.attribute:
        for graph in [attribute.g, *attribute.graphs]:
            names.update(*(reads(inner) for inner in graph.node))
    return names


def graphs(graph):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                yield from graphs(inner)


def is_sorted(graph):
    to_come = {name for node in graph.node for name in node.output}
    for node in graph.node:
        if not to_come.isdisjoint(reads(node)):
            return False
        to_come.difference_update(node.output)
    return True


def replace(field, messages):
    del field[:]
    field.extend(messages)


def normalize(message, unsorted):
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for each in value if field.is_repeated else [value]:
                normalize(each, unsorted)
        elif field.type in (field.TYPE_STRING, field.TYPE_BYTES) and not field.is_repeated and not value:
            if field.name != "raw_data":
                message.ClearField(field.name)
    if isinstance(message, (onnx.NodeProto, onnx.OperatorSetIdProto)) and message.domain == "ai.onnx":
        message.ClearField("domain")
    if isinstance(message, onnx.GraphProto):
        replace(message.value_info, sorted(message.value_info, key=lambda v: v.name))
        if message.name in unsorted:
            replace(message.node, sorted(message.node, key=lambda n: list(n.output)))
    if isinstance(message, onnx.ModelProto):
        replace(message.opset_import, sorted(message.opset_import, key=lambda o: o.domain))


def main():
    compared, different = 0, []
    for line in open(sys.argv[1]):
        original_path, copy_path = line.rstrip("\n").split("\t")
        original, copy = onnx.load(original_path), onnx.load(copy_path)
        unsorted = {graph.name for graph in graphs(original.graph) if not is_sorted(graph)}
        normalize(original, unsorted)
        normalize(copy, unsorted)
        compared += 1
        if original != copy:
            different.append(original_path)
    print(f"onnx {onnx.__version__}: {compared} models compared, {len(different)} differ")
    for path in different:
        print("differs:", path)
    sys.exit(1 if different else 0)


main()
