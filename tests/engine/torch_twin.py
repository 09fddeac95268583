"""One training step of networks from standard input, again in PyTorch (double precision).

A network per line: JSON with its graph, weights, batch, and what the engine computed; see
test_torch.c. Exit code 1 where they disagree, 77 without PyTorch.
"""
import json
import sys

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    print("skipped: no PyTorch here (apt install python3-torch)")
    sys.exit(77)

# Of a tensor's norm and the largest gradient: the engine adds floats. A wrong definition is
# off by far more.
TOLERANCE = 1e-4


def pads(extent, kernel, stride, dilation, how):
    """`same` pads (kernel-1)*dilation, the smaller half before, and gives ceil(extent/stride)"""
    if how == "valid":
        return 0, 0
    total = (kernel - 1) * dilation
    return total // 2, total - total // 2


def padded(x, node, value):
    (h0, h1), (w0, w1) = (
        pads(x.shape[2 + i], node.get("kernel_" + a, 1), node.get("stride_" + a, 1),
             node.get("dilation_" + a, 1), node.get("pad", "same"))
        for i, a in enumerate("hw"))
    return F.pad(x, (w0, w1, h0, h1), value=value)


def pair(node, name, default):
    return node.get(name + "_h", default), node.get(name + "_w", default)


def window(x, node, w, groups):
    return F.conv2d(padded(x, node, 0.0), w["kernel"], w.get("bias"),
                    pair(node, "stride", 1), 0, pair(node, "dilation", 1), groups)


def depthwise(x, node, w):
    kernel = w["kernel"].unsqueeze(1)
    return window(x, node, {**w, "kernel": kernel}, x.shape[1])


def max_pool(x, node, w):
    return F.max_pool2d(padded(x, node, -float("inf")), pair(node, "kernel", 1),
                        pair(node, "stride", 1))


def avg_pool(x, node, w):
    """Padding is not counted."""
    def sums(t):
        return F.avg_pool2d(padded(t, node, 0.0), pair(node, "kernel", 1),
                            pair(node, "stride", 1), divisor_override=1)
    return sums(x) / sums(torch.ones_like(x))


def batch_norm(x, node, w):
    return F.batch_norm(x, w["mean"], w["variance"], w["scale"], w["shift"], True,
                        node.get("momentum", 0.1), node.get("epsilon", 1e-5))


def gates(t, order, units):
    """Rows of a weight from our order of gates to PyTorch's."""
    return torch.cat([t[k * units:(k + 1) * units] for k in order])


def recurrent(x, node, w):
    lstm, units = node["op"] == "lstm", node["out"]
    both = node.get("bidirectional", False)
    kind = torch.nn.LSTM if lstm else torch.nn.GRU
    layer = kind(x.shape[1], units, batch_first=True, bidirectional=both).double()
    # ours: lstm i o f c, gru update reset candidate; PyTorch: i f g o, reset update new
    order = (0, 2, 3, 1) if lstm else (1, 0, 2)
    parameters = {}
    for d in range(2 if both else 1):
        end = "_l0_reverse" if d else "_l0"
        bias = gates(w["bias"][d], order, units)
        carry = torch.zeros_like(bias)
        if not lstm:
            carry = torch.cat([carry[:2 * units], w["carry_bias"][d]])
        parameters["weight_ih" + end] = gates(w["kernel"][d], order, units)
        parameters["weight_hh" + end] = gates(w["recurrent"][d], order, units)
        parameters["bias_ih" + end] = bias
        parameters["bias_hh" + end] = carry
    names = [name for name, _ in layer.named_parameters()]
    series = x.squeeze(2).transpose(1, 2)
    zeros = series.new_zeros(2 if both else 1, series.shape[0], units)
    flat = [parameters[name] for name in names]
    if lstm:
        y = torch._VF.lstm(series, (zeros, zeros), flat, True, 1, 0.0, True, both, True)[0]
    else:
        y = torch._VF.gru(series, zeros, flat, True, 1, 0.0, True, both, True)[0]
    if not node.get("sequence", True):
        last = [y[:, -1, :units]] + ([y[:, 0, units:]] if both else [])
        return torch.cat(last, 1)[:, :, None, None]
    return y.transpose(1, 2).unsqueeze(2)


def attention(x, node, w):
    """Queries, keys and values are there already: the projections are the identity."""
    channels = x.shape[1] // 3
    q, k, v = x.squeeze(2).permute(2, 0, 1).chunk(3, dim=2)
    one = torch.eye(channels, dtype=x.dtype)
    y = F.multi_head_attention_forward(
        q, k, v, channels, node.get("heads", 1), one.repeat(3, 1), None, None, None, False,
        0.0, one, None, need_weights=False)[0]
    return y.permute(1, 2, 0).unsqueeze(2)


def layer_norm(x, node, w):
    y = F.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), w["scale"], w["shift"],
                     node.get("epsilon", 1e-5))
    return y.permute(0, 3, 1, 2)


def positions(x, node, w):
    if node.get("kind", "learned") == "learned":
        return x + w["table"].unsqueeze(1)
    channels, steps = x.shape[1], x.shape[3]
    pairs = torch.arange(0, channels, 2, dtype=x.dtype)[:, None]
    angle = torch.arange(steps, dtype=x.dtype) / 10000 ** (pairs / channels)
    waves = torch.stack([torch.sin(angle), torch.cos(angle)], 1).flatten(0, 1)
    return x + waves[:channels].unsqueeze(1)


def tokens(x, node, w):
    y = x.flatten(1).unsqueeze(2) * w["table"] + w["bias"]
    return y.transpose(1, 2).unsqueeze(2)


OPERATORS = {
    "conv": lambda x, node, w: window(x, node, w, node.get("groups", 1)),
    "depthwise": depthwise,
    "dense": lambda x, node, w: F.linear(x.flatten(1), w["kernel"],
                                         w.get("bias"))[:, :, None, None],
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "global_avg_pool": lambda x, node, w: x.mean((2, 3), keepdim=True),
    "batch_norm": batch_norm,
    "relu": lambda x, node, w: F.relu(x),
    "relu6": lambda x, node, w: F.relu6(x),
    "leaky_relu": lambda x, node, w: F.leaky_relu(x, node.get("slope", 0.01)),
    "hard_swish": lambda x, node, w: F.hardswish(x),
    "sigmoid": lambda x, node, w: torch.sigmoid(x),
    "tanh": lambda x, node, w: torch.tanh(x),
    "silu": lambda x, node, w: F.silu(x),
    "gelu": lambda x, node, w: F.gelu(x, approximate="tanh"),
    "lstm": recurrent,
    "gru": recurrent,
    "hard_sigmoid": lambda x, node, w: F.hardsigmoid(x),
    "global_max_pool": lambda x, node, w: x.amax((2, 3), keepdim=True),
    "layer_norm": layer_norm,
    "group_norm": lambda x, node, w: F.group_norm(
        x, node.get("groups", 1), w["scale"], w["shift"], node.get("epsilon", 1e-5)),
    "attention": attention,
    "positions": positions,
    "tokens": tokens,
    "slice": lambda x, node, w: x[:, node.get("from", 0):][:, :node["count"]],
    "flatten": lambda x, node, w: x.flatten(1)[:, :, None, None],
}


def forward(graph, weights, x):
    values = []
    for i, node in enumerate(graph["nodes"]):
        inputs = [values[k] for k in node.get("inputs", [])]
        if node["op"] == "input":
            values.append(x)
        elif node["op"] == "add":
            values.append(sum(inputs[1:], inputs[0]))
        elif node["op"] == "mul":
            values.append(inputs[0] * inputs[1])
        elif node["op"] == "concat":
            values.append(torch.cat(inputs, 1))
        elif node["op"] in OPERATORS:
            values.append(OPERATORS[node["op"]](inputs[0], node, weights.get(i, {})))
        else:
            sys.exit(f"the twin does not know operator {node['op']}: add it here")
    return values[graph["output"]].flatten(1)


def differs(what, ours, theirs, allowed):
    worst = (ours - theirs).abs().max().item() if ours.numel() else 0.0
    if worst <= allowed:
        return False
    print(f"{what}: differs by {worst:.3g}, {allowed:.3g} allowed")
    return True


def check(case, number):
    flat = torch.tensor(case["weights"], dtype=torch.double)
    trained = len(case["gradients"])
    weights, leaves = {}, []
    for t in case["tensors"]:
        dim, at = t["dim"], t["offset"]
        n = int(torch.tensor(dim).prod())
        leaf = flat[at:at + n].reshape(dim).clone().requires_grad_(at < trained)
        weights.setdefault(t["node"], {})[t["role"]] = leaf
        leaves.append((t, at, n, leaf))
    shape = case["graph"]["nodes"][0]["shape"]
    x = torch.tensor(case["inputs"], dtype=torch.double).reshape(-1, *shape)
    y = forward(case["graph"], weights, x)
    loss = F.cross_entropy(y, torch.tensor(case["labels"]),
                           label_smoothing=case["smoothing"])
    loss.backward()
    ours = torch.tensor(case["outputs"], dtype=torch.double).reshape(y.shape)
    gradients = torch.tensor(case["gradients"] + case["state"], dtype=torch.double)
    largest = gradients[:trained].abs().max().item()
    name = f"network {number}"
    bad = differs(f"{name} outputs", ours, y, 1e-4 * max(1.0, y.abs().max().item()))
    bad |= differs(f"{name} loss", torch.tensor([case["loss"]]), loss.detach(), 1e-4)
    for t, at, n, leaf in leaves:
        got = gradients[at:at + n].reshape(leaf.shape)
        want = leaf.detach() if at >= trained else leaf.grad
        want = torch.zeros_like(leaf) if want is None else want
        allowed = TOLERANCE * (want.norm().item() + largest) if at < trained \
            else 1e-4 * (1 + want.abs().max().item())
        op = case["graph"]["nodes"][t["node"]]["op"]
        bad |= differs(f"{name}, {t['role']} of node {t['node']} ({op})", got, want, allowed)
    return bad, {node["op"] for node in case["graph"]["nodes"]}


def main():
    torch.set_num_threads(1)
    failed, seen, n = False, set(), 0
    for n, line in enumerate(sys.stdin, 1):
        bad, operators = check(json.loads(line), n - 1)
        failed |= bad
        seen |= operators
    missing = set(OPERATORS) - seen
    if missing:
        print(f"no network has {', '.join(sorted(missing))}")
    print(f"PyTorch {torch.__version__}: {n} networks of {len(seen)} operators")
    sys.exit(1 if failed or missing or n == 0 else 0)


main()
